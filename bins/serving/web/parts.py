"""Pieces of the page that its tabs share: inputs, and what is said of work."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio

from hiervox.bins.serving.answers import Metrics
from hiervox.bins.serving.bodies import Limits
from hiervox.bins.serving.engine import Engine, Model, Sound
from hiervox.bins.serving.web.controls import given_of, inputs_of
from hiervox.bins.serving.web.sounds import Sounds
from hiervox.models.base.pipelines.controls import Controls, SpeechControls, controls_of
from hiervox.processors.audio import Waveform, decode_audio
from hiervox.utils.errors import ConfigError, HierVoxError

Prepare = Callable[[], Sound]
Recording = tuple[Waveform, int]
SEED = "seed"


@dataclass
class Page:
    """What tabs are made with.

    Attributes:
        engine: its models.
        metrics: in which the page's sounds count.
        sounds: that were made.
        blocks: the page itself.
        voices: inputs of models and of their voices, and the task; refreshed where voices change.
    """

    engine: Engine
    metrics: Metrics
    sounds: Sounds
    blocks: Any
    voices: list[tuple[Any, Any, str]] = field(default_factory=list)

    def serving(self, task: str) -> list[Model]:
        """The models that serve a task."""
        return [model for model in self.engine.models.values() if task in model.systems]

    def refresher(self, task: str) -> Callable[[str], Awaitable[Any]]:
        """What fills an input with the voices of a model."""

        async def refresh(name: str) -> Any:
            names = await self.engine.run(lambda: self.engine.voice_names(self.engine.model(name), task))
            return gradio.Dropdown(names, value=names[0] if names else None)

        return refresh


@dataclass(frozen=True)
class Voiced:
    """Inputs of a model, a voice and controls.

    Attributes:
        inputs: all of them, in the order of `read`.
        model: its name.
        seeds: model → its input of the seed.
        schemas: model → its controls and their names.
    """

    inputs: list[Any]
    model: Any
    seeds: dict[str, Any]
    schemas: dict[str, tuple[type[Controls], list[str]]]

    def read(self, values: Sequence[Any]) -> Asked:
        """What the inputs hold."""
        name, voice, prompt, *rest = values
        given: dict[str, Any] = {}
        for owner, (schema, names) in self.schemas.items():
            if owner == name:
                given = given_of(schema, names, rest[: len(names)])
            rest = rest[len(names) :]
        return Asked(name, "" if prompt else voice or "", prompt, given)

    def seeded(self, name: str, seed: int) -> list[Any]:
        """Updates of the inputs of seeds, for outputs."""
        return [gradio.update(value=seed) if owner == name else gradio.skip() for owner in self.seeds]


@dataclass(frozen=True)
class Asked:
    """A model, a voice and controls.

    Attributes:
        model: its name.
        voice: its name; empty for the model's own, or for that of `prompt`.
        prompt: file of a recording of the voice; None for none.
        controls: that differ from the defaults.
    """

    model: str
    voice: str = ""
    prompt: str | None = None
    controls: dict[str, Any] = field(default_factory=dict)

    async def prompts(self) -> list[Recording]:
        """The recording, where there is one.

        Raises:
            AudioError: it can't be read.
        """
        return [await recording_of(self.prompt)] if self.prompt else []


def voiced_inputs(page: Page, task: str, models: list[Model]) -> Voiced:
    """Inputs of a model, of a voice or a recording of one, and of the controls of the chosen model."""
    model = model_input(models)
    voice = gradio.Dropdown([], label="Voice", interactive=True)
    prompt = recorder("Or speak like this recording")
    page.voices.append((model, voice, task))
    inputs: list[Any] = [model, voice, prompt]
    seeds: dict[str, Any] = {}
    schemas: dict[str, tuple[type[Controls], list[str]]] = {}
    groups = []
    for number, each in enumerate(models):
        schema = controls_of(each.systems[task][0]) or SpeechControls
        with gradio.Accordion("Controls", open=False, visible=number == 0) as group:
            own = inputs_of(schema)
        schemas[each.name] = schema, list(own)
        if SEED in own:
            seeds[each.name] = own[SEED]
        inputs += own.values()
        groups.append(group)

    def shown(name: str) -> list[Any]:
        return [gradio.Accordion(visible=each.name == name) for each in models]

    if len(models) > 1:
        model.input(shown, model, groups, show_progress="hidden")
    return Voiced(inputs, model, seeds, schemas)


def recorder(label: str) -> Any:
    """An input of a sound, uploaded or recorded."""
    return gradio.Audio(label=label, sources=["upload", "microphone"], type="filepath")


def model_input(models: list[Model]) -> Any:
    """A choice of models; hidden where there is one."""
    names = [model.name for model in models]
    return gradio.Dropdown(names, value=names[0], label="Model", interactive=True, visible=len(names) > 1)


def run_inputs(word: str) -> tuple[Any, Any, Any]:
    """A button that begins, one that stops, and what is said of the work."""
    with gradio.Row():
        run, stop = gradio.Button(word, variant="primary"), gradio.Button("Stop")
    return run, stop, gradio.HTML(state(""))


def stopping(stop: Any, events: Sequence[Any], told: Callable[..., Any], inputs: Any, outputs: Any) -> None:
    """Have a button end work, and only then say so: what the work said last comes before.

    Args:
        stop: the button.
        events: that begin the work.
        told: inputs → what is said.
        inputs, outputs: of `told`.
    """
    ended = stop.click(None, cancels=list(events))
    ended.then(told, inputs, outputs, show_progress="hidden")


def name_input(label: str = "Name") -> Any:
    """An input of a voice's name."""
    return gradio.Textbox("", label=label, info="Letters, digits, - and _.", max_lines=1)


async def recording_of(file: str | None) -> Recording:
    """An uploaded or recorded sound.

    Raises:
        ConfigError: there is none.
        AudioError: it can't be read, or is too long.
    """
    if not file:
        raise ConfigError("there is no recording", "upload one, or record one")

    def read() -> Recording:
        return decode_audio(Path(file).read_bytes(), Path(file).name, Limits().seconds)

    return await asyncio.to_thread(read)


def state(text: str) -> str:
    """HTML of a state of work."""
    return f'<p class="state" role="status">{html.escape(text)}</p>'


def problem(error: HierVoxError) -> str:
    """HTML of a mistake."""
    return f'<p class="problem" role="alert">{html.escape(str(error))}</p>'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """HTML of a table; cells may be HTML."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def told(handler: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    """The same with a user's mistake as its result."""

    async def run(*values: Any) -> str:
        try:
            return await handler(*values)
        except HierVoxError as error:
            return problem(error)

    return run
