"""`hiervox vc`: say a recording again in the voice of a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bins.options import DeviceOption
from bins.outputs import (
    ModelOption,
    OverwriteOption,
    PlotsOption,
    RateOption,
    SeedOption,
    check_targets,
    write_sound,
)


def vc(
    source: Annotated[Path, typer.Option(help="The recording to say again.")],
    prompt: Annotated[Path, typer.Option(help="A recording of the voice to say it in.")],
    out: Annotated[Path, typer.Option(help="The sound file.")],
    model: ModelOption = None,
    rate: RateOption = 16000,
    seed: SeedOption = 1111,
    noise_scale: Annotated[float, typer.Option(help="How much the sound varies.")] = 0.333,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Say a recording again in the voice of a prompt: words, timing and melody stay, the voice changes."""
    check_targets([out], overwrite)

    from models.base.bundle import resolve_bundle
    from models.tts.hierspeechpp.pipeline import HierSpeechPipeline
    from models.tts.hierspeechpp.prompt import prepare_recording
    from processors.audio import read_audio
    from utils.device import choose_device

    pipeline = HierSpeechPipeline.load(resolve_bundle(model), choose_device(device))
    pipeline.require(text=False, rate=rate)
    said, voice = read_audio(source), read_audio(prompt)
    for path, recording in ((source, said), (prompt, voice)):
        prepare_recording(*recording, str(path))
    speech = pipeline.vc(*said, *voice, rate=rate, seed=seed, noise_scale=noise_scale)
    record = {
        "source": str(source),
        "prompt": str(prompt),
        "model": str(pipeline.folder),
        "seed": seed,
        "noise_scale": noise_scale,
    }
    write_sound(out, speech.wav, speech.rate, record, speech if plots else None)
    typer.echo(out)
