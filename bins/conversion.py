"""`hiervox vc` and `hiervox svc`: a recording in another voice."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import BatchOptions, Item, Job, OutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.outputs import Pictured, PlotsOption
from hiervox.bins.progress import progress
from hiervox.bins.verbs import Verb
from hiervox.bins.voices import CurveOptions, VoiceOptions
from hiervox.models.base.pipelines.controls import ProsodyControls
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import VoiceConversion
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour

SourceOption = Annotated[
    list[Path], typer.Option(help="The recording to convert, any length; may be repeated with --out-dir.")
]


@control_options(ProsodyControls, "rate", "scaling", "seed", "semitones", "pitch_range")
@grouped
def vc(
    source: SourceOption,
    output: OutputOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    plots: PlotsOption = False,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Bring a recording into another voice: words, timing and F0 contour stay, the voice changes.

    \b
    Examples:
      hiervox vc --source me.wav --voice willow -o converted.wav
      hiervox vc --source me.wav --prompt her.wav --semitones 2 --rate 48000 -o converted.wav
      hiervox vc --source a.wav --source b.wav --voice willow --out-dir converted
    """
    _convert("vc", source, output, like, curves, run, plots, options)


@control_options(ProsodyControls, "rate", "scaling", "seed", "semitones")
@grouped
def svc(
    source: SourceOption,
    output: OutputOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    plots: PlotsOption = False,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Bring singing into another voice; the F0 contour stays, or is shifted as a whole.

    \b
    Example:
      hiervox svc --source song.wav --prompt singer.wav --model exp/svc --semitones 12 -o sung.wav
    """
    _convert("svc", source, output, like, curves, run, plots, options)


def _convert(
    task: str,
    recordings: list[Path],
    output: OutputOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    plots: bool,
    options: ControlOptions,
) -> None:
    """Convert recordings in one voice, each into its file."""
    spec, targets = like.spec, output.targets(recordings)
    read = [*recordings, curves.f0_in, *spec.inputs]
    job = Job(task, targets, **vars(run), options=options, files=[curves.f0_out], inputs=read)
    curves.require_one(len(targets), "recording")
    curve, asked = curves.read(), spec.request(job, curves.f0_in)
    items = job.items(lambda source: {"source": str(source), **asked})
    _check(items)
    voice = spec.voice(job.pipeline, for_text=False) if items else None
    for item in progress(items, "recordings", len(items)):
        assert voice is not None
        _write(item, job.pipeline, voice, job.controls, curve, curves.f0_out, plots)


def _check(items: list[Item[Path]]) -> None:
    """Find unusable recordings before the first is converted; one alone is checked as it is read."""
    from hiervox.models.base.pipelines.prompt import check_recording

    for item in items if len(items) > 1 else ():
        check_recording(item.input)


def _write(
    item: Item[Path],
    pipeline: VoiceConversion[Any],
    voice: Voice,
    controls: SpeechControls,
    curve: F0Contour | None,
    f0_out: Path | None,
    plots: bool,
) -> None:
    """Convert a recording into its file; only what is drawn of it stays in memory."""
    f0, sounds = pipeline.vc_stream(item.input, voice, controls, curve)
    sounds = progress(sounds, f"segments of {item.input.name}")
    kept = list(sounds) if plots else []
    item.write_chunks(
        pipeline.at_rate(kept or sounds, controls.rate),
        pipeline.output_rate(controls),
        controls.scaling,
        voice.peak,
        f0_out=(f0_out, partial(_known, f0)) if f0_out else None,
        pictures=partial(_pictured, pipeline, kept, f0) if plots else None,
    )


def _known(f0: F0Contour | None) -> F0Contour:
    if f0 is None:
        raise ConfigError("the model has no pitch that could be written", "leave --f0-out out")
    return f0


def _pictured(pipeline: VoiceConversion[Any], sounds: list[Waveform], f0: F0Contour | None) -> Pictured:
    from hiervox.models.base.pipelines.speech import concatenated

    return Pictured(pipeline.mel(concatenated(sounds)), pipeline.mel_config, f0)


VC_VERB = Verb("vc", vc, rank=2)
SVC_VERB = Verb("svc", svc, rank=3)
