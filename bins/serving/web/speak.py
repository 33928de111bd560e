"""Speak: a text to sound, heard from its first chunk on, with pictures, subtitles and the same elsewhere."""

from __future__ import annotations

import asyncio
import functools
import html
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import gradio

from hiervox.bins.outputs import versions
from hiervox.bins.serving import jobs
from hiervox.bins.serving.schema import SpeechRequest
from hiervox.bins.serving.web.doors import as_command, as_curl, as_python
from hiervox.bins.serving.web.making import Made, making
from hiervox.bins.serving.web.parts import (
    SEED,
    Asked,
    Page,
    Prepare,
    Voiced,
    problem,
    run_inputs,
    state,
    stopping,
    voiced_inputs,
)
from hiervox.bins.serving.web.pictures import speech_picture
from hiervox.bins.serving.web.sounds import links, player
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.speech import Synthesis, concatenated
from hiervox.models.base.pipelines.subtitles import SUFFIXES, SentenceTimes, subtitles, times_of
from hiervox.models.base.pipelines.timestamps import pronouncing
from hiervox.processors.text.markup import is_markup
from hiervox.utils.errors import ConfigError, HierVoxError

EXAMPLE = "Hello there. Write here what is to be said."
MOST_SEED = 2**31
"""Of drawn ones, which people may want to type."""
MOST_REMEMBERED = 20
"""Sounds of the history."""
QUOTED = 60
"""Characters of a text that the history shows."""

WORD = "Speak"
PROTOCOL = TextToSpeech


def tab(page: Page, task: str) -> None:
    """Make the tab of a task."""
    with gradio.Row():
        with gradio.Column():
            text = gradio.Textbox(EXAMPLE, label="Text", info="Plain text or SSML, of any length.", lines=5)
            voiced = voiced_inputs(page, task, page.serving(task))
            lock = gradio.Checkbox(
                True,
                label="Keep the seed",
                info="Else each sound has a seed of its own.",
                visible=bool(voiced.seeds),
            )
            run, stop, said = run_inputs(WORD)
        with gradio.Column():
            live = gradio.HTML("")
            sound = gradio.Audio(label="Sound", interactive=False, format="wav")
            files = gradio.HTML("")
            drawn = gradio.HTML("")
            with gradio.Accordion("The same by other doors", open=False):
                doors = [
                    gradio.Code(label="As command", language="shell", interactive=False, lines=2),
                    gradio.Code(label="As Python", language="python", interactive=False, lines=2),
                    gradio.Code(label="As curl", language="shell", interactive=False, lines=2),
                ]
            with gradio.Accordion("History", open=False):
                shown_history = gradio.HTML(_history([]))
    history = gradio.State([])
    outputs = [said, live, sound, files, drawn, *doors, history, shown_history, *voiced.seeds.values()]

    async def speak(
        said_text: str, keeps: bool, before: list[dict[str, str]], *values: Any
    ) -> AsyncIterator[Any]:
        async for update in _spoken(page, task, voiced, said_text, keeps, before, values):
            yield [update.get(output, gradio.skip()) for output in NAMES] + update.get(
                "seeds", [gradio.skip()] * len(voiced.seeds)
            )

    event = run.click(
        speak,
        [text, lock, history, *voiced.inputs],
        outputs,
        show_progress="hidden",
        trigger_mode="always_last",
    )
    stopping(stop, [event], lambda: [state("stopped"), ""], None, [said, live])


NAMES = ("said", "live", "sound", "files", "drawn", "command", "python", "curl", "history", "shown_history")
"""Outputs of the tab, in order; the seeds follow."""


async def _spoken(
    page: Page,
    task: str,
    voiced: Voiced,
    text: str,
    keeps_seed: bool,
    history: list[dict[str, str]],
    values: tuple[Any, ...],
) -> AsyncIterator[dict[str, Any]]:
    """Updates of the outputs, by their names."""
    asked = voiced.read(values)
    yield {"said": state("waiting"), "live": "", "sound": None, "files": "", "drawn": ""}
    controls = dict(asked.controls)
    if not keeps_seed:
        controls[SEED] = secrets.randbelow(MOST_SEED)
        yield {"seeds": voiced.seeded(asked.model, controls[SEED])}
    notes: list[Synthesis] = []

    async def prepared() -> Prepare:
        return jobs.speech(
            page.engine, request_of(asked, text, controls), await asked.prompts(), notes.append
        )

    try:
        async for step in making(page, prepared):
            if isinstance(step, Made):
                async for update in _told(page, task, asked, text, controls, step, notes, history):
                    yield update
            else:
                yield {"said": state(step.said), **({"live": step.live} if step.live else {})}
    except HierVoxError as error:
        yield {"said": problem(error)}


def request_of(asked: Asked, text: str, controls: dict[str, Any]) -> SpeechRequest:
    """The request that the server would get.

    Raises:
        ConfigError: there is no text.
    """
    if not text.strip():
        raise ConfigError("there is no text", "write what is to be said")
    return SpeechRequest(model=asked.model, input=text, voice=asked.voice, hiervox={"controls": controls})


async def _told(
    page: Page,
    task: str,
    asked: Asked,
    text: str,
    controls: dict[str, Any],
    made: Made,
    notes: list[Synthesis],
    history: list[dict[str, str]],
) -> AsyncIterator[dict[str, Any]]:
    """What there is to say of a sound that is there: first what is ready, then what has to be drawn."""
    url = await page.sounds.keep_wav("speech.wav", made.wav, made.rate)
    door = (text, asked.model, asked.voice, asked.prompt is not None, controls)
    entry = {"text": text[:QUOTED], "voice": asked.voice or "recording", "model": asked.model, "url": url}
    entry["seed"] = str(controls.get(SEED, ""))
    history = [entry, *history][:MOST_REMEMBERED]
    yield {
        "said": state(made.said),
        "sound": str(page.sounds.path(url)),
        "command": as_command(*door),
        "python": as_python(*door),
        "curl": as_curl(*door),
        "history": history,
        "shown_history": _history(history),
    }
    pipeline = await page.engine.run(lambda: page.engine.opened(page.engine.model(asked.model), task))
    sentences = await sentences_of(page, pipeline, notes, controls.get("language"))
    record = {
        "model": asked.model,
        "voice": asked.voice or "a recording",
        "text": text,
        "controls": controls,
        "sentences": [
            {"text": note.sequence.text, "phonemes": note.sequence.phonemes, "problems": list(note.problems)}
            for note in notes
        ],
        "rate": made.rate,
        "seconds": round(made.seconds, 3),
        "versions": versions(),
    }
    kept = [("Sound (WAV)", url)]
    for suffix in SUFFIXES:
        content = subtitles(suffix, sentences, text, is_markup(text))
        kept.append((f"Subtitles ({suffix[1:]})", page.sounds.keep(f"speech{suffix}", content)))
    kept.append(
        ("Record", page.sounds.keep("speech.wav.json", json.dumps(record, indent=2, ensure_ascii=False)))
    )
    yield {"files": links(kept)}
    f0 = [note.f0 for note in notes if note.f0 is not None]
    tracks = {"F0": concatenated(f0)} if f0 else {}
    label = "Spectrogram, F0, words and phonemes"
    drawn = await asyncio.to_thread(speech_picture, made.wav, made.rate, tracks, sentences, label)
    yield {"drawn": drawn}


async def sentences_of(
    page: Page, pipeline: Any, notes: list[Synthesis], language: str | None
) -> list[SentenceTimes]:
    """When the sentences of a text are said; seen in the thread of the networks, which reads texts, too."""
    pronounced = pronouncing(pipeline.read, language)
    begin, sentences = 0.0, []
    for note in notes:
        times = functools.partial(times_of, note, pipeline.rate, begin, pronounced)
        sentences.append(await page.engine.run(times))
        begin += note.wav.size / pipeline.rate
    return sentences


def _history(entries: list[dict[str, str]]) -> str:
    if not entries:
        return "<p>Sounds of this session are kept here.</p>"
    rows = []
    for entry in entries:
        told = f"{entry['voice']}, {entry['model']}" + (f", seed {entry['seed']}" if entry["seed"] else "")
        heard = player(entry["url"], entry["text"], preload="none")
        rows.append(f"<li>{html.escape(entry['text'])} <small>{html.escape(told)}</small><br>{heard}</li>")
    return f"<ol>{''.join(rows)}</ol>"
