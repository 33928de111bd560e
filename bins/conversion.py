"""`hiervox vc` and `hiervox svc`: a recording in another voice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, control_options
from hiervox.bins.job import BatchOptions, Item, Job, OutputOptions
from hiervox.bins.options import OptionGroup, grouped
from hiervox.bins.outputs import Pictured, PlotsOption
from hiervox.bins.progress import progress
from hiervox.bins.rows import SOURCE, Row, TableOption, read_rows
from hiervox.bins.verbs import Verb
from hiervox.bins.voices import CurveOptions, JobVoices, VoiceOptions
from hiervox.models.base.pipelines.controls import ProsodyControls
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import VoiceConversion
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour


@dataclass(frozen=True)
class SourceOptions(OptionGroup):
    """What is converted."""

    source: Annotated[
        list[Path] | None,
        typer.Option(help="The recording to convert, any length; may be repeated with --out-dir."),
    ] = None
    table: TableOption = None

    def rows(self, output: OutputOptions) -> dict[Path, Row]:
        """Sound file → what is converted.

        Raises:
            ConfigError: what to convert or where it goes is not clear.
            DataError: a table that can't be read.
        """
        if (self.table is None) == (not self.source):
            raise ConfigError("what to convert is not clear", "give --source or --table")
        if self.table is not None:
            return read_rows(self.table, SOURCE, output.out, output.out_dir)
        targets = output.targets(self.source or [])
        return {target: Row(str(source), str(source)) for target, source in targets.items()}


@control_options(ProsodyControls, "rate", "scaling", "seed", "semitones", "pitch_range")
@grouped
def vc(
    what: SourceOptions,
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
      hiervox vc --table list.csv --out-dir converted
    """
    _convert("vc", what, output, like, curves, run, plots, options)


@control_options(ProsodyControls, "rate", "scaling", "seed", "semitones")
@grouped
def svc(
    what: SourceOptions,
    output: OutputOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    accompaniment: Annotated[
        Path | None,
        typer.Option(help="A recording, from the song's beginning on, that is added to the result."),
    ] = None,
    plots: PlotsOption = False,
    options: ControlOptions = NO_OPTIONS,
) -> None:
    """Bring singing into another voice; the F0 contour stays, or is shifted as a whole.

    \b
    Examples:
      hiervox svc --source song.wav --prompt singer.wav --model exp/svc --semitones 12 -o sung.wav
      hiervox svc --source vocals.wav --voice ada --accompaniment band.wav --model exp/svc -o song.wav
    """
    _convert("svc", what, output, like, curves, run, plots, options, accompaniment)


def _convert(
    task: str,
    what: SourceOptions,
    output: OutputOptions,
    like: VoiceOptions,
    curves: CurveOptions,
    run: BatchOptions,
    plots: bool,
    options: ControlOptions,
    accompaniment: Path | None = None,
) -> None:
    """Convert recordings, each into its file."""
    targets = what.rows(output)
    voices = JobVoices(like, ((row.place, row.like) for row in targets.values()))
    read = [
        *(row.content for row in targets.values()),
        what.table,
        curves.f0_in,
        accompaniment,
        *voices.inputs,
    ]
    job = Job(task, targets, **vars(run), options=options, files=[curves.f0_out], inputs=read)
    curves.require_one(len(targets), "recording")
    if accompaniment is not None and len(targets) > 1:
        raise ConfigError("an accompaniment goes with one recording", "make one sound at a time")
    curve = curves.read()
    beside = {} if accompaniment is None else {"accompaniment": str(accompaniment)}
    items = job.items(
        lambda row: {"source": row.content, **beside, **voices.request(job, row.like, curves.f0_in)}
    )
    _check(items, accompaniment)
    for item in progress(items, "recordings", len(items)):
        voice = voices.voice(job.pipeline, item.input.like, for_text=False)
        _write(item, job.pipeline, voice, job.controls, curve, curves.f0_out, plots, accompaniment)


def _check(items: list[Item[Row]], accompaniment: Path | None) -> None:
    """Find unusable recordings before the first is converted; one alone is checked as it is read."""
    from hiervox.models.base.pipelines.prompt import check_recording

    if accompaniment is not None and items:
        from hiervox.processors.audio import Recording

        Recording(accompaniment)
    for item in items if len(items) > 1 else ():
        check_recording(Path(item.input.content))


def _write(
    item: Item[Row],
    pipeline: VoiceConversion[Any],
    voice: Voice,
    controls: SpeechControls,
    curve: F0Contour | None,
    f0_out: Path | None,
    plots: bool,
    accompaniment: Path | None,
) -> None:
    """Convert a recording into its file; only what is drawn of it stays in memory."""
    source = Path(item.input.content)
    f0, sounds = pipeline.vc_stream(source, voice, controls, curve)
    sounds = progress(sounds, f"segments of {source.name}")
    kept = list(sounds) if plots else []
    rate = pipeline.output_rate(controls)
    chunks = pipeline.at_rate(kept or sounds, controls.rate)
    if accompaniment is not None:
        from hiervox.processors.audio import audio_chunks, mix_chunks

        chunks = mix_chunks(chunks, audio_chunks(accompaniment, rate))
    item.write_chunks(
        chunks,
        rate,
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
