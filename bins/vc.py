"""`hiervox vc`: say a recording again in the voice of a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import (
    F0OutOption,
    ModelOption,
    OverwriteOption,
    Pictured,
    PlotsOption,
    RateOption,
    SeedOption,
    check_outputs,
    write_pieces,
)
from hiervox.bins.voices import Cast, DenoiseOption, PromptOption, ReplicateOption, VoiceOption


def vc(
    source: Annotated[Path, typer.Option(help="The recording to say again, any length.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sound file.")],
    prompt: PromptOption = None,
    voice: VoiceOption = None,
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    rate: RateOption = 16000,
    scaling: Annotated[
        str, typer.Option(help="Peak: max (0.999), prompt (the prompt's) or none (as it comes).")
    ] = "max",
    seed: SeedOption = 1111,
    noise_scale: Annotated[float, typer.Option(help="How much the sound varies.")] = 0.333,
    semitones: Annotated[float, typer.Option(help="Shift of the pitch.")] = 0.0,
    pitch_range: Annotated[float, typer.Option(help="Range of the pitch; 0 is monotonous.")] = 1.0,
    f0_in: Annotated[Path | None, typer.Option(help="CSV of seconds,hz: what the pitch is to be.")] = None,
    f0_out: F0OutOption = None,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
) -> None:
    """Say a recording again in another voice: words, timing and melody stay, the voice changes."""
    cast = Cast(prompt, voice)
    check_outputs([out], overwrite, files=[f0_out], inputs=[source, f0_in, *cast.files])

    import numpy as np

    from hiervox.models.tts.hierspeechpp.controls import SpeechControls
    from hiervox.models.tts.hierspeechpp.pipeline import load
    from hiervox.models.tts.hierspeechpp.pitch_curve import read_pitch_curve
    from hiervox.models.tts.hierspeechpp.prompt import prepare_recording
    from hiervox.models.tts.hierspeechpp.speech import gain
    from hiervox.processors.audio import read_audio

    controls = SpeechControls.model_validate(
        {
            "noise_scale": noise_scale,
            "semitones": semitones,
            "pitch_range": pitch_range,
            "scaling": scaling,
            "rate": rate,
            "seed": seed,
        }
    )
    curve = read_pitch_curve(f0_in) if f0_in else None
    pipeline = load(model, device)
    pipeline.networks.require(text=False, rate=rate, denoiser=denoise_ratio > 0)
    said = read_audio(source)
    prepare_recording(*said, str(source))
    cast.check(pipeline)
    speaker = cast.voice(pipeline, denoise_ratio, replicate, for_text=False)
    f0, sounds = pipeline.vc_stream(said, speaker, controls, curve)
    kept = []
    if plots:
        kept = list(sounds)
        sounds = iter(kept)
    used = {"noise_scale", "semitones", "pitch_range", "scaling", "seed"}
    record = {
        "source": str(source),
        **cast.record(),
        "denoise_ratio": denoise_ratio,
        "replicate": replicate,
        "f0_in": str(f0_in) if f0_in else None,
        "model": str(pipeline.networks.folder),
        **controls.model_dump(mode="json", include=used),
    }
    write_pieces(
        out,
        pipeline.at_rate(sounds, rate),
        rate,
        lambda peak: gain(controls.scaling, peak, speaker.peak),
        lambda: record,
        (f0_out, lambda: f0) if f0_out else None,
        (lambda: Pictured(pipeline.mel(np.concatenate(kept)), f0)) if plots else None,
    )
    typer.echo(out)
