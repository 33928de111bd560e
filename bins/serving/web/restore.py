"""Restore: a recording cleaned or brought to a higher rate, before and after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gradio

from hiervox.bins.serving import jobs
from hiervox.bins.serving.engine import Model, tasks_of
from hiervox.bins.serving.schema import EnhancementRequest, UpsampleRequest
from hiervox.bins.serving.web.making import Made, making
from hiervox.bins.serving.web.parts import (
    Page,
    Prepare,
    Recording,
    model_input,
    problem,
    recorder,
    recording_of,
    state,
    stopping,
)
from hiervox.bins.serving.web.pictures import speech_picture
from hiervox.bins.serving.web.sounds import links
from hiervox.models.base.pipelines.bundle import output_rate, parts_of
from hiervox.models.base.pipelines.protocols import Enhancement, SuperResolution
from hiervox.utils.errors import HierVoxError

WORD = "Restore"


@dataclass(frozen=True)
class Kind:
    """What can be done to a recording.

    Attributes:
        word: on the button.
        task: of the models.
        rates: that there are networks for, Hz; none where the rate is the model's own.
    """

    word: str
    task: str
    rates: list[int]


def kinds_of(page: Page) -> list[Kind]:
    """What the models can do to a recording."""
    found = []
    for word, protocol in (("Clean", Enhancement), ("Upsample", SuperResolution)):
        for number, task in enumerate(tasks_of(protocol)):
            models = page.serving(task)
            rates = sorted({rate for model in models for rate in _rates(model, task)})
            if models:
                wide = rates if protocol is SuperResolution else []
                found.append(Kind(f"{word}: {task}" if number else word, task, wide))
    return found


def _rates(model: Model, task: str) -> list[int]:
    rates = [output_rate(part) for part in parts_of(model.folder) if part.card.serves(task)]
    return [rate for rate in rates if rate]


def tab(page: Page, kinds: list[Kind]) -> None:
    """Make the tab."""
    with gradio.Row():
        with gradio.Column():
            recording = recorder("Recording")
            rows = [_row(page, kind) for kind in kinds]
            stop = gradio.Button("Stop")
            said = gradio.HTML(state(""))
        with gradio.Column():
            before = gradio.Audio(label="Before", interactive=False)
            after = gradio.Audio(label="Sound", interactive=False, format="wav")
            files, drawn = gradio.HTML(""), gradio.HTML("")
    outputs = [said, before, after, files, drawn]
    events = [
        run.click(
            _handler(page, kind),
            [recording, *inputs],
            outputs,
            show_progress="hidden",
            trigger_mode="always_last",
        )
        for kind, (run, inputs) in zip(kinds, rows, strict=True)
    ]
    stopping(stop, events, lambda: state("stopped"), None, said)


def _row(page: Page, kind: Kind) -> tuple[Any, list[Any]]:
    with gradio.Row(equal_height=True):
        inputs = [model_input(page.serving(kind.task))]
        if kind.rates:
            rates = [(f"{rate} Hz", rate) for rate in kind.rates]
            inputs.append(gradio.Dropdown(rates, value=kind.rates[-1], label="Rate", interactive=True))
        return gradio.Button(kind.word, variant="primary"), inputs


def _handler(page: Page, kind: Kind) -> Any:
    async def restore(file: str | None, model: str, rate: int | None = None) -> AsyncIterator[list[Any]]:
        same: Any = gradio.skip()
        given: list[Recording] = []

        async def prepared() -> Prepare:
            given.append(await recording_of(file))
            if rate is None:
                request = EnhancementRequest(model=model, task=kind.task)
                return jobs.enhancement(page.engine, request, given[0])
            wanted = UpsampleRequest(model=model, task=kind.task, rate=rate)
            return jobs.upsampling(page.engine, wanted, given[0])

        yield [state("waiting"), None, None, "", ""]
        try:
            async for step in making(page, prepared, is_heard=False):
                if not isinstance(step, Made):
                    yield [state(step.said), same, same, same, same]
                    continue
                url = await page.sounds.keep_wav("restored.wav", step.wav, step.rate)
                links_shown = links([("Sound (WAV)", url)])
                yield [state(step.said), file, str(page.sounds.path(url)), links_shown, same]
                pictures = [
                    await asyncio.to_thread(speech_picture, *sound, {}, (), f"Spectrogram {when}")
                    for when, sound in (("before", given[0]), ("after", (step.wav, step.rate)))
                ]
                yield [same, same, same, same, "".join(pictures)]
        except HierVoxError as error:
            yield [problem(error), same, same, same, same]

    return restore
