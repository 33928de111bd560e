"""The page: a tab for each task that the models serve, and one for voices.

Tabs follow the protocols of the registered tasks, and their inputs the control models of the systems, so that
a new system or task needs no line here. Handlers make the same requests as clients of the server do.
"""

from __future__ import annotations

import asyncio
import html
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio
import numpy as np
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders

from hiervox.bins.serving import jobs
from hiervox.bins.serving.answers import Metrics, Place, status_of
from hiervox.bins.serving.bodies import Limits
from hiervox.bins.serving.encode import pcm_of
from hiervox.bins.serving.engine import Engine, Model, Sound, tasks_of
from hiervox.bins.serving.page_controls import given_of, inputs_of
from hiervox.bins.serving.schema import (
    ConversionRequest,
    EnhancementRequest,
    SpeechRequest,
    UpsampleRequest,
    VoiceRequest,
    parsed,
)
from hiervox.models.base.pipelines.bundle import output_rate, parts_of
from hiervox.models.base.pipelines.controls import Controls, SpeechControls, controls_of
from hiervox.models.base.pipelines.protocols import (
    Enhancement,
    SuperResolution,
    TextToSpeech,
    VoiceConversion,
)
from hiervox.models.base.pipelines.voice_store import voice_names
from hiervox.models.base.tasks import TASKS
from hiervox.processors.audio import Waveform, decode_audio
from hiervox.utils.errors import ConfigError, HierVoxError

HOSTS = ("127.0.0.1", "localhost")
"""Names that the page is asked for by; other sites' names may lead to this machine, too."""
OWN_ALONE = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
"""The page's content security policy: nothing comes from or goes to other hosts."""
KEPT_SECONDS = 3600
"""Of files that were made or uploaded."""
SHOWN_SECONDS = 0.5
"""Between two states of progress."""
FONTS, MONOSPACED = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")
EXAMPLE = "Hello there. Write here what is to be said."
STYLE = ".problem {color: #b91c1c} .dark .problem {color: #fca5a5} .state, .problem {min-height: 1.5em}"

Prepare = Callable[[], Sound]


@dataclass(frozen=True)
class Asked:
    """What a tab's inputs hold.

    Attributes:
        model: its name.
        own: values of the tab's own inputs.
        voice: its name; empty for the model's own, or for that of `prompts`.
        prompts: recordings of the voice.
        controls: that differ from the defaults.
    """

    model: str
    own: Sequence[Any]
    voice: str = ""
    prompts: Sequence[tuple[Waveform, int]] = ()
    controls: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """The tabs of a protocol.

    Attributes:
        protocol: of the tasks.
        word: on the tab and its button.
        inputs: makes the tab's own inputs, from a task and its models.
        prepare: what is asked for → what makes it.
        is_voiced: whether a voice and controls are chosen.
    """

    protocol: type
    word: str
    inputs: Callable[[str, list[Model]], list[Any]]
    prepare: Callable[[Engine, str, Asked], Awaitable[Prepare]]
    is_voiced: bool = False


def mount_page(app: FastAPI, engine: Engine, metrics: Metrics) -> None:
    """Put the page at the root of a server of this machine.

    Args:
        app: of the server.
        engine: its models.
        metrics: its metrics, in which the page's sounds count.
    """
    blocks = _Page(engine, metrics).blocks()
    blocks.queue(default_concurrency_limit=None)
    theme = gradio.themes.Default(font=FONTS, font_mono=MONOSPACED)
    app.add_middleware(_OwnAlone)
    gradio.mount_gradio_app(
        app,
        blocks,
        "/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        max_file_size=Limits().size,
        theme=theme,
        css=STYLE,
    )


class _OwnAlone:
    """Refuses what pages of other sites ask for, and lets the page ask for nothing elsewhere."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        is_elsewhere = origin is not None and urlsplit(origin).netloc != host
        if is_elsewhere or urlsplit(f"//{host}").hostname not in HOSTS:
            refusal = PlainTextResponse(f"open the page as http://{HOSTS[0]}, not from another site", 403)
            await refusal(scope, receive, send)
            return

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = OWN_ALONE
            await send(message)

        await self._app(scope, receive, guarded)


class _Page:
    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine, self._metrics = engine, metrics
        self._voices: list[tuple[Any, Any, str]] = []  # inputs of models and of their voices, and the task

    def blocks(self) -> gradio.Blocks:
        """The page."""
        kept = (KEPT_SECONDS, KEPT_SECONDS)
        with gradio.Blocks(title="HierVox", analytics_enabled=False, delete_cache=kept) as blocks:
            gradio.Markdown("# HierVox")
            for kind in KINDS:
                for number, task in enumerate(tasks_of(kind.protocol)):
                    models = [model for model in self._engine.models.values() if task in model.systems]
                    if models:
                        with gradio.Tab(f"{kind.word}: {task}" if number else kind.word):
                            self._tab(kind, task, models)
            speaking = [model for model in self._engine.models.values() if model.task(TextToSpeech)]
            if speaking:
                with gradio.Tab("Voices"):
                    self._keep_voices(blocks, speaking)
            for model, voice, task in self._voices:
                refresh = self._refresher(task)
                blocks.load(refresh, model, voice, show_progress="hidden")
                model.input(refresh, model, voice, show_progress="hidden")
        return blocks

    def _tab(self, kind: Kind, task: str, models: list[Model]) -> None:
        said = TASKS[task].summary
        gradio.Markdown(f"{said[:1].upper()}{said[1:]}.")
        with gradio.Row():
            with gradio.Column():
                own = kind.inputs(task, models)
                model = _model_input(models)
                voiced: list[Any] = []
                schemas: dict[str, tuple[type[Controls], list[str]]] = {}
                if kind.is_voiced:
                    voice = gradio.Dropdown([], label="Voice", interactive=True)
                    prompt = _recorder("Or speak like this recording")
                    self._voices.append((model, voice, task))
                    voiced = [voice, prompt]
                    voiced += self._control_inputs(task, models, model, schemas)
                with gradio.Row():
                    run = gradio.Button(kind.word, variant="primary")
                    stop = gradio.Button("Stop")
                state = gradio.HTML(_state(""))
            with gradio.Column():
                sound = gradio.Audio(label="Sound", interactive=False, autoplay=True, format="wav")

        async def made(*values: Any) -> AsyncIterator[Any]:
            async def prepared() -> Prepare:
                asked = await _asked(values[: len(own)], values[len(own) :], schemas)
                return await kind.prepare(self._engine, task, asked)

            async for shown in self._made(prepared):
                yield shown

        event = run.click(made, [*own, model, *voiced], [sound, state], show_progress="hidden")
        stop.click(lambda: _state("stopped"), None, state, cancels=[event], show_progress="hidden")

    def _control_inputs(
        self,
        task: str,
        models: list[Model],
        model: Any,
        schemas: dict[str, tuple[type[Controls], list[str]]],
    ) -> list[Any]:
        """Inputs of all models' controls, of which those of the chosen one are shown."""
        inputs: list[Any] = []
        groups = []
        for number, each in enumerate(models):
            schema = controls_of(each.systems[task][0]) or SpeechControls
            with gradio.Accordion("Controls", open=False, visible=number == 0) as group:
                own = inputs_of(schema)
            schemas[each.name] = schema, list(own)
            inputs += own.values()
            groups.append(group)

        def shown(name: str) -> list[Any]:
            return [gradio.Accordion(visible=each.name == name) for each in models]

        if len(models) > 1:
            model.input(shown, model, groups, show_progress="hidden")
        return inputs

    async def _made(self, prepared: Callable[[], Awaitable[Prepare]]) -> AsyncIterator[Any]:
        """The states of a sound and what is said of it, to its end or to a mistake."""
        place: Place | None = None
        begun = shown = time.monotonic()
        yield None, _state("waiting")
        try:
            place = Place(self._engine, self._metrics)
            work, first = await place.begin(await prepared())
            wavs = []
            async for wav in place.chunks(first):
                wavs.append(pcm_of(wav))
                if time.monotonic() - shown > SHOWN_SECONDS:
                    shown = time.monotonic()
                    yield gradio.skip(), _state(f"{work.seconds:.1f} s are there")
            place.close(200)
            told = f"{work.seconds:.1f} s, made in {time.monotonic() - begun:.1f} s"
            yield (work.sound.rate, np.concatenate(wavs)), _state(told)
        except HierVoxError as error:
            if place is not None:
                place.close(status_of(error))
            yield gradio.skip(), _problem(error)
        finally:
            if place is not None:
                place.close(499)

    def _refresher(self, task: str) -> Callable[[str], Awaitable[Any]]:
        async def refresh(name: str) -> Any:
            names = await self._engine.run(lambda: self._engine.voice_names(self._engine.model(name), task))
            return gradio.Dropdown(names, value=names[0] if names else None)

        return refresh

    # voices

    def _keep_voices(self, blocks: gradio.Blocks, models: list[Model]) -> None:
        gradio.Markdown("Voices under names, for all tabs and `--voice`.")
        with gradio.Row():
            with gradio.Column():
                gradio.Markdown("### Save")
                recording, name = _recorder("Recording"), _name_input()
                model = _model_input(models)
                ratio = gradio.Slider(0, 1, 0, step=0.05, label="Denoise ratio", info="0.8 for a noisy one.")
                replicate = gradio.Checkbox(False, label="Replicate", info="For one under 3 s.")
                overwrite = gradio.Checkbox(False, label="Overwrite", info="Replace a voice of this name.")
                save, saved = gradio.Button("Save", variant="primary"), gradio.HTML(_state(""))
            with gradio.Column():
                gradio.Markdown("### Mix")
                first = gradio.Dropdown([], label="First voice", interactive=True)
                second = gradio.Dropdown([], label="Second voice", interactive=True)
                share = gradio.Slider(0, 1, 0.5, step=0.05, label="Share of the second")
                mixed_name = _name_input()
                mix, mixed = gradio.Button("Mix"), gradio.HTML(_state(""))
                gradio.Markdown("### Remove")
                unwanted = gradio.Dropdown([], label="Saved voice", interactive=True)
                remove, removed = gradio.Button("Remove"), gradio.HTML(_state(""))

        async def save_voice(
            file: str | None, name: str, model: str, ratio: float, replicate: bool, overwrite: bool
        ) -> str:
            fields = {"name": name, "model": model, "denoise_ratio": str(ratio)}
            asked = parsed(VoiceRequest, {**fields, "replicate": str(replicate), "overwrite": str(overwrite)})
            prompts = {"the recording": await _recording(file)}
            told = await self._engine.run(jobs.adding_voice(self._engine, asked, prompts))
            (measured,) = told["prompts"]
            advice = "; ".join(measured["advice"]) or "a good prompt"
            return _state(
                f"saved {name}: {measured['seconds']:.1f} s, {measured['level']:.0f} dBFS; {advice}"
            )

        async def mix_voices(first: str | None, second: str | None, share: float, name: str) -> str:
            if not first or not second:
                raise ConfigError("a voice is missing", "save two voices, and choose them")
            await asyncio.to_thread(jobs.mix_saved, name, {first: 1 - share, second: share})
            return _state(f"saved {name}")

        async def remove_voice(name: str | None) -> str:
            if not name:
                raise ConfigError("no voice is chosen", "choose a saved one")
            await self._engine.run(lambda: jobs.forget_voice(name))
            return _state(f"removed {name}")

        lists = [first, second, unwanted]

        def names() -> list[Any]:
            found = voice_names()
            return [gradio.Dropdown(found, value=found[0] if found else None) for _ in lists]

        blocks.load(names, None, lists, show_progress="hidden")
        for button, handler, inputs, told in (
            (save, save_voice, [recording, name, model, ratio, replicate, overwrite], saved),
            (mix, mix_voices, [first, second, share, mixed_name], mixed),
            (remove, remove_voice, [unwanted], removed),
        ):
            event = button.click(_told(handler), inputs, told, show_progress="hidden")
            event = event.then(names, None, lists, show_progress="hidden")
            for model_input, voice, task in self._voices:
                event = event.then(self._refresher(task), model_input, voice, show_progress="hidden")


# the tabs' own inputs and requests


def _text_inputs(task: str, models: list[Model]) -> list[Any]:
    return [gradio.Textbox(EXAMPLE, label="Text", info="Plain text or SSML, of any length.", lines=5)]


def _recording_inputs(task: str, models: list[Model]) -> list[Any]:
    return [_recorder("Recording")]


def _upsample_inputs(task: str, models: list[Model]) -> list[Any]:
    rates = sorted({rate for model in models for rate in _rates(model, task)})
    last = rates[-1] if rates else None
    return [
        _recorder("Recording"),
        gradio.Dropdown(rates, value=last, label="Rate", info="Hz of the result."),
    ]


async def _speech(engine: Engine, task: str, asked: Asked) -> Prepare:
    (text,) = asked.own
    if not text.strip():
        raise ConfigError("there is no text", "write what is to be said")
    options = {"controls": asked.controls}
    request = SpeechRequest(model=asked.model, input=text, voice=asked.voice, hiervox=options)
    return jobs.speech(engine, request, asked.prompts)


async def _conversion(engine: Engine, task: str, asked: Asked) -> Prepare:
    (file,) = asked.own
    options = {"controls": asked.controls}
    request = ConversionRequest(model=asked.model, task=task, voice=asked.voice, hiervox=options)
    return jobs.conversion(engine, request, await _recording(file), asked.prompts)


async def _enhancement(engine: Engine, task: str, asked: Asked) -> Prepare:
    (file,) = asked.own
    return jobs.enhancement(engine, EnhancementRequest(model=asked.model, task=task), await _recording(file))


async def _upsampling(engine: Engine, task: str, asked: Asked) -> Prepare:
    file, rate = asked.own
    request = UpsampleRequest(model=asked.model, task=task, rate=rate)
    return jobs.upsampling(engine, request, await _recording(file))


KINDS = (
    Kind(TextToSpeech, "Speak", _text_inputs, _speech, is_voiced=True),
    Kind(VoiceConversion, "Convert", _recording_inputs, _conversion, is_voiced=True),
    Kind(Enhancement, "Clean", _recording_inputs, _enhancement),
    Kind(SuperResolution, "Upsample", _upsample_inputs, _upsampling),
)


def _rates(model: Model, task: str) -> list[int]:
    rates = [output_rate(part) for part in parts_of(model.folder) if part.card.serves(task)]
    return [rate for rate in rates if rate]


async def _asked(
    own: Sequence[Any], others: Sequence[Any], schemas: dict[str, tuple[type[Controls], list[str]]]
) -> Asked:
    """What the inputs hold: the tab's own, the model, and where a voice is chosen that and controls."""
    name, *rest = others
    if not schemas:
        return Asked(name, own)
    voice, prompt, *values = rest
    given: dict[str, Any] = {}
    for owner, (schema, names) in schemas.items():
        if owner == name:
            given = given_of(schema, names, values[: len(names)])
        values = values[len(names) :]
    prompts = [await _recording(prompt)] if prompt else []
    return Asked(name, own, "" if prompts else voice or "", prompts, given)


async def _recording(file: str | None) -> tuple[Waveform, int]:
    """An uploaded or recorded sound.

    Raises:
        ConfigError: there is none.
        AudioError: it can't be read, or is too long.
    """
    if not file:
        raise ConfigError("there is no recording", "upload one, or record one")

    def read() -> tuple[Waveform, int]:
        return decode_audio(Path(file).read_bytes(), Path(file).name, Limits().seconds)

    return await asyncio.to_thread(read)


# pieces of the page


def _recorder(label: str) -> Any:
    return gradio.Audio(label=label, sources=["upload", "microphone"], type="filepath")


def _model_input(models: list[Model]) -> Any:
    names = [model.name for model in models]
    return gradio.Dropdown(names, value=names[0], label="Model", interactive=True, visible=len(names) > 1)


def _name_input() -> Any:
    return gradio.Textbox("", label="Name", info="Letters, digits, - and _.", max_lines=1)


def _state(text: str) -> str:
    return f'<p class="state" role="status">{html.escape(text)}</p>'


def _problem(error: HierVoxError) -> str:
    return f'<p class="problem" role="alert">{html.escape(str(error))}</p>'


def _told(handler: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    """The same with a user's mistake as its result."""

    async def run(*values: Any) -> str:
        try:
            return await handler(*values)
        except HierVoxError as error:
            return _problem(error)

    return run
