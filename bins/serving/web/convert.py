"""Convert: a recording in another voice, with the F0 of both and how alike the voices are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio

from hiervox.bins.serving import jobs
from hiervox.bins.serving.schema import ConversionRequest
from hiervox.bins.serving.web.making import Made, making
from hiervox.bins.serving.web.parts import (
    Asked,
    Page,
    Prepare,
    Recording,
    problem,
    recorder,
    recording_of,
    run_inputs,
    state,
    stopping,
    voiced_inputs,
)
from hiervox.bins.serving.web.pictures import speech_picture, tracked
from hiervox.bins.serving.web.sounds import links
from hiervox.evaluation.registry import METRICS
from hiervox.evaluation.similarity import LEAST_SAMPLES, SAMPLE_RATE, SpeakerSimilarity
from hiervox.models.base.pipelines.bundle import prompts_of
from hiervox.models.base.pipelines.protocols import VoiceConversion
from hiervox.processors.audio import Waveform, read_audio, resample
from hiervox.utils.errors import HierVoxError

WORD = "Convert"
PROTOCOL = VoiceConversion
SIMILARITY = "sim"
"""The metric that compares voices."""


def tab(page: Page, task: str) -> None:
    """Make the tab of a task."""
    with gradio.Row():
        with gradio.Column():
            recording = recorder("Recording")
            voiced = voiced_inputs(page, task, page.serving(task))
            run, stop, said = run_inputs(WORD)
        with gradio.Column():
            live = gradio.HTML("")
            sound = gradio.Audio(label="Sound", interactive=False, format="wav")
            files, drawn = gradio.HTML(""), gradio.HTML("")

    async def convert(file: str | None, *values: Any) -> AsyncIterator[list[Any]]:
        same: Any = gradio.skip()
        asked = voiced.read(values)
        given: list[Recording] = []
        prompts: list[Recording] = []

        async def prepared() -> Prepare:
            given.append(await recording_of(file))
            prompts.extend(await asked.prompts())
            options = {"controls": asked.controls}
            request = ConversionRequest(model=asked.model, task=task, voice=asked.voice, hiervox=options)
            return jobs.conversion(page.engine, request, given[0], prompts)

        yield [state("waiting"), "", None, "", ""]
        try:
            async for step in making(page, prepared):
                if not isinstance(step, Made):
                    yield [state(step.said), step.live or same, same, same, same]
                    continue
                url = await page.sounds.keep_wav("converted.wav", step.wav, step.rate)
                yield [
                    state(step.said),
                    same,
                    str(page.sounds.path(url)),
                    links([("Sound (WAV)", url)]),
                    same,
                ]
                target = prompts[0] if prompts else _bundled(page, asked)
                alike = await asyncio.to_thread(_similarities, step, given[0], target)
                yield [state(f"{step.said}; {alike}"), same, same, same, same]
                yield [same, same, same, same, await asyncio.to_thread(_drawn, step, given[0])]
        except HierVoxError as error:
            yield [problem(error), same, same, same, same]

    outputs = [said, live, sound, files, drawn]
    event = run.click(
        convert, [recording, *voiced.inputs], outputs, show_progress="hidden", trigger_mode="always_last"
    )
    stopping(stop, [event], lambda: [state("stopped"), ""], None, [said, live])


def _bundled(page: Page, asked: Asked) -> Recording | None:
    """The recording of a voice that the model brings; None of others, of which no recording is kept."""
    model = page.engine.model(asked.model)
    found = [prompt for prompt in prompts_of(model.folder) if prompt.stem == asked.voice]
    return read_audio(found[0]) if found else None


def _drawn(made: Made, source: Recording) -> str:
    tracks = {"source": tracked(*source), "converted": tracked(made.wav, made.rate)}
    return speech_picture(made.wav, made.rate, tracks, label="Spectrogram of the result, F0 of both")


def _similarities(made: Made, source: Recording, target: Recording | None) -> str:
    """How alike the voice is to that of the source and of the target."""
    metric: Any = METRICS[SIMILARITY]()
    assert isinstance(metric, SpeakerSimilarity)
    try:
        metric.prepare()
    except HierVoxError as error:
        return f"how alike the voices are is not known ({error.problem})"
    made_voice = _voice(metric, (made.wav, made.rate))
    named = [("the source", source), *([("the voice asked for", target)] if target else [])]
    found = []
    for name, recording in named:
        other = _voice(metric, recording)
        if made_voice is not None and other is not None:
            found.append(f"{float(made_voice @ other):.2f} with {name}")
    return f"similarity (cosine) {', '.join(found)}" if found else "too short to compare voices"


def _voice(metric: SpeakerSimilarity, recording: Recording) -> Waveform | None:
    import numpy as np

    wav, rate = recording
    speech = resample(wav, rate, SAMPLE_RATE)
    voice = metric.embed(speech) if speech.size >= LEAST_SAMPLES and np.any(speech) else None
    return None if voice is None else np.asarray(voice / np.linalg.norm(voice), np.float32)
