"""`hiervox vc` and `hiervox svc`: a recording in another voice."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOption, ControlOptions, control_options
from hiervox.bins.job import Job, OutDirOption, OutOption, SkipExistingOption, targets_of
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import (
    F0OutOption,
    ModelOption,
    OverwriteOption,
    Pictured,
    PlotsOption,
)
from hiervox.bins.progress import progress
from hiervox.bins.voices import DenoiseOption, PromptOption, ReplicateOption, VoiceOption, VoiceSpec
from hiervox.models.base.pipelines.controls import ProsodyControls
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import VoiceConversion
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour

SourceOption = Annotated[
    list[Path], typer.Option(help="The recording to convert, any length; may be repeated with --out-dir.")
]
F0InOption = Annotated[Path | None, typer.Option(help="CSV of seconds,hz: what the pitch is to be.")]


@control_options(ProsodyControls, "rate", "scaling", "seed", "semitones", "pitch_range")
def vc(
    source: SourceOption,
    out: OutOption = None,
    out_dir: OutDirOption = None,
    prompt: PromptOption = None,
    voice: VoiceOption = None,
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    options: ControlOptions = NO_OPTIONS,
    control: ControlOption = None,
    f0_in: F0InOption = None,
    f0_out: F0OutOption = None,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
    skip_existing: SkipExistingOption = False,
) -> None:
    """Bring a recording into another voice: words, timing and F0 contour stay, the voice changes.

    \b
    Examples:
      hiervox vc --source me.wav --voice willow -o converted.wav
      hiervox vc --source me.wav --prompt her.wav --semitones 2 --rate 48000 -o converted.wav
      hiervox vc --source a.wav --source b.wav --voice willow --out-dir converted
    """
    spec = VoiceSpec(prompt, voice, denoise_ratio, replicate)
    job = Job(
        "vc",
        targets_of(source, out, out_dir),
        model,
        device,
        overwrite,
        skip_existing,
        options=options,
        control=control,
        files=[f0_out],
        inputs=[*source, f0_in, *spec.files],
    )
    _convert(job, spec, f0_in, f0_out, plots)


@control_options(ProsodyControls, "rate", "scaling", "seed", "semitones")
def svc(
    source: SourceOption,
    out: OutOption = None,
    out_dir: OutDirOption = None,
    prompt: PromptOption = None,
    voice: VoiceOption = None,
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    options: ControlOptions = NO_OPTIONS,
    control: ControlOption = None,
    f0_in: F0InOption = None,
    f0_out: F0OutOption = None,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
    skip_existing: SkipExistingOption = False,
) -> None:
    """Bring singing into another voice; the F0 contour stays, or is shifted as a whole.

    \b
    Example:
      hiervox svc --source song.wav --prompt singer.wav --model exp/svc --semitones 12 -o sung.wav
    """
    spec = VoiceSpec(prompt, voice, denoise_ratio, replicate)
    job = Job(
        "svc",
        targets_of(source, out, out_dir),
        model,
        device,
        overwrite,
        skip_existing,
        options=options,
        control=control,
        files=[f0_out],
        inputs=[*source, f0_in, *spec.files],
    )
    _convert(job, spec, f0_in, f0_out, plots)


def _convert(job: Job[Path], spec: VoiceSpec, f0_in: Path | None, f0_out: Path | None, plots: bool) -> None:
    """Convert recordings in one voice, each into its file; only what is drawn of one stays in memory."""
    from hiervox.models.base.pipelines.pitch_curve import read_pitch_curve
    from hiervox.models.base.pipelines.prompt import check_recording

    if len(job.targets) > 1 and (f0_in or f0_out):
        raise ConfigError("an F0 curve goes with one recording", "convert one at a time")
    curve, controls = read_pitch_curve(f0_in) if f0_in else None, job.controls
    pipeline: VoiceConversion[SpeechControls] = job.pipeline
    asked = spec.request(job, f0_in)
    items = job.items(lambda source: {"source": str(source), **asked})
    if len(items) > 1:  # one alone is checked as it is read
        for item in items:
            check_recording(item.input)
    voice = spec.voice(pipeline, for_text=False) if items else None
    for item in progress(items, "recordings", len(items)):
        assert voice is not None
        f0, sounds = pipeline.vc_stream(item.input, voice, controls, curve)
        sounds = progress(sounds, f"segments of {item.input.name}")
        kept = list(sounds) if plots else []
        picture = partial(_pictured, pipeline, kept, f0)
        item.write_chunks(
            pipeline.at_rate(kept or sounds, controls.rate),
            pipeline.output_rate(controls),
            controls.scaling,
            voice.peak,
            f0_out=(f0_out, partial(_known, f0)) if f0_out else None,
            pictures=picture if plots else None,
        )


def _known(f0: F0Contour | None) -> F0Contour:
    if f0 is None:
        raise ConfigError("the model has no pitch that could be written", "leave --f0-out out")
    return f0


def _pictured(
    pipeline: VoiceConversion[SpeechControls], sounds: list[Waveform], f0: F0Contour | None
) -> Pictured:
    from hiervox.models.base.pipelines.speech import concatenated

    return Pictured(pipeline.mel(concatenated(sounds)), pipeline.mel_config, f0)
