"""Voices: reported on, saved, mixed, heard, renamed and removed."""

from __future__ import annotations

import asyncio
from typing import Any

import gradio

from hiervox.bins.serving import jobs
from hiervox.bins.serving.engine import Model
from hiervox.bins.serving.schema import SpeechRequest, VoiceRequest, parsed
from hiervox.bins.serving.web.making import whole
from hiervox.bins.serving.web.parts import (
    Page,
    Prepare,
    model_input,
    name_input,
    recorder,
    recording_of,
    state,
    told,
)
from hiervox.bins.serving.web.sounds import player
from hiervox.models.base.pipelines.prompt_report import report_prompt
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.voice_store import rename_voice, voice_names
from hiervox.utils.errors import ConfigError

MOST_MIXED = 4
PREVIEW = "This is how I sound."


def tab(page: Page, models: list[Model]) -> None:
    """Make the tab, of models that speak."""
    gradio.Markdown("Voices under names, for all tabs and `--voice`.")
    with gradio.Row():
        with gradio.Column():
            gradio.Markdown("### Save")
            recording, name = recorder("Recording"), name_input()
            model = model_input(models)
            ratio = gradio.Slider(0, 1, 0, step=0.05, label="Denoise ratio", info="0.8 for a noisy one.")
            replicate = gradio.Checkbox(False, label="Replicate", info="For one under 3 s.")
            overwrite = gradio.Checkbox(False, label="Overwrite", info="Replace a voice of this name.")
            with gradio.Row():
                check, save = gradio.Button("Check"), gradio.Button("Save", variant="primary")
            saved = gradio.HTML(state(""))
        with gradio.Column():
            gradio.Markdown("### Mix")
            parts: list[Any] = []
            for number in range(1, MOST_MIXED + 1):
                with gradio.Row():
                    parts.append(gradio.Dropdown([], label=f"Voice {number}", interactive=True))
                    share = 1.0 if number <= 2 else 0.0
                    parts.append(gradio.Slider(0, 1, share, step=0.05, label=f"Weight {number}"))
            mixed_name = name_input()
            mix, mixed = gradio.Button("Mix"), gradio.HTML(state(""))
            gradio.Markdown("### Keep")
            chosen = gradio.Dropdown([], label="Saved voice", interactive=True)
            new_name = name_input("New name")
            with gradio.Row():
                preview, rename, remove = (gradio.Button(word) for word in ("Preview", "Rename", "Remove"))
            kept = gradio.HTML(state(""))

    async def check_recording(file: str | None, model: str) -> str:
        wav, rate = await recording_of(file)
        asked, task = page.engine.serving(model, TextToSpeech)

        def report() -> str:
            return str(report_prompt(wav, rate, "the recording", page.engine.opened(asked, task).pitch))

        return state(await page.engine.run(report))

    async def save_voice(
        file: str | None, name: str, model: str, ratio: float, replicate: bool, overwrite: bool
    ) -> str:
        fields = {"name": name, "model": model, "denoise_ratio": str(ratio)}
        asked = parsed(VoiceRequest, {**fields, "replicate": str(replicate), "overwrite": str(overwrite)})
        prompts = {"the recording": await recording_of(file)}
        found = await page.engine.run(jobs.adding_voice(page.engine, asked, prompts))
        (measured,) = found["prompts"]
        advice = "; ".join(measured["advice"]) or "a good prompt"
        return state(f"saved {name}: {measured['seconds']:.1f} s, {measured['level']:.0f} dBFS; {advice}")

    async def mix_voices(name: str, *chosen: Any) -> str:
        shares: dict[str, float] = {}
        for voice, weight in zip(chosen[::2], chosen[1::2], strict=True):
            if voice and weight:
                shares[voice] = shares.get(voice, 0.0) + weight
        if len(shares) < 2:
            raise ConfigError("a mix needs two voices", "choose two that are saved, with weights over 0")
        await asyncio.to_thread(jobs.mix_saved, name, shares)
        return state(f"saved {name}")

    async def preview_voice(voice: str | None, model: str) -> str:
        async def prepared() -> Prepare:
            request = SpeechRequest(model=model, input=PREVIEW, voice=_chosen(voice))
            return jobs.speech(page.engine, request)

        made = await whole(page, prepared)
        url = await page.sounds.keep_wav("preview.wav", made.wav, made.rate)
        return state(made.said) + player(url, f"Preview of {voice}", autoplay=True)

    async def rename_chosen(voice: str | None, name: str) -> str:
        await page.engine.run(lambda: rename_voice(_chosen(voice), name))
        return state(f"{voice} is called {name} now")

    async def remove_voice(voice: str | None) -> str:
        await page.engine.run(lambda: jobs.forget_voice(_chosen(voice)))
        return state(f"removed {voice}")

    lists = [*parts[::2], chosen]

    def names() -> list[Any]:
        found = voice_names()
        first = [found[number] if number < min(len(found), 2) else None for number in range(MOST_MIXED)]
        return [gradio.Dropdown(found, value=value) for value in [*first, found[0] if found else None]]

    page.blocks.load(names, None, lists, show_progress="hidden")
    check.click(told(check_recording), [recording, model], saved, show_progress="hidden")
    preview.click(told(preview_voice), [chosen, model], kept, show_progress="hidden")
    for button, handler, inputs, output in (
        (save, save_voice, [recording, name, model, ratio, replicate, overwrite], saved),
        (mix, mix_voices, [mixed_name, *parts], mixed),
        (rename, rename_chosen, [chosen, new_name], kept),
        (remove, remove_voice, [chosen], kept),
    ):
        event = button.click(told(handler), inputs, output, show_progress="hidden")
        event = event.then(names, None, lists, show_progress="hidden")
        for model_inputs, voice, task in page.voices:
            event = event.then(page.refresher(task), model_inputs, voice, show_progress="hidden")


def _chosen(voice: str | None) -> str:
    if not voice:
        raise ConfigError("no voice is chosen", "choose a saved one")
    return voice
