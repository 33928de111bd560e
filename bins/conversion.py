"""`hiervox vc` and `hiervox svc`: a recording in another voice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.batch import OutDirOption, OutOption, SkipExistingOption, targets_of
from hiervox.bins.controls import (
    ControlOption,
    PitchRangeOption,
    RateOption,
    ScalingOption,
    SeedOption,
    SemitonesOption,
    controls_from,
)
from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import (
    F0OutOption,
    ModelOption,
    OverwriteOption,
    Pictured,
    PlotsOption,
    check_outputs,
    is_done,
    write_pieces,
)
from hiervox.bins.progress import progress
from hiervox.bins.voices import DenoiseOption, PromptOption, ReplicateOption, VoiceOption, VoiceSpec
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.pitch import Track

SourceOption = Annotated[
    list[Path], typer.Option(help="The recording to convert, any length; may be repeated with --out-dir.")
]
F0InOption = Annotated[Path | None, typer.Option(help="CSV of seconds,hz: what the pitch is to be.")]


def vc(
    source: SourceOption,
    out: OutOption = None,
    out_dir: OutDirOption = None,
    prompt: PromptOption = None,
    voice: VoiceOption = None,
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    rate: RateOption = None,
    scaling: ScalingOption = None,
    seed: SeedOption = None,
    semitones: SemitonesOption = None,
    pitch_range: PitchRangeOption = None,
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
    options = {
        "rate": rate,
        "scaling": scaling,
        "seed": seed,
        "semitones": semitones,
        "pitch_range": pitch_range,
    }
    spec = VoiceSpec(prompt, voice, denoise_ratio, replicate)
    targets = targets_of(source, out, out_dir)
    job = _Job("vc", spec, options, control, model, device, f0_in, f0_out, plots)
    job.run(targets, overwrite, skip_existing)


def svc(
    source: SourceOption,
    out: OutOption = None,
    out_dir: OutDirOption = None,
    prompt: PromptOption = None,
    voice: VoiceOption = None,
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    rate: RateOption = None,
    scaling: ScalingOption = None,
    seed: SeedOption = None,
    semitones: SemitonesOption = None,
    control: ControlOption = None,
    f0_in: F0InOption = None,
    f0_out: F0OutOption = None,
    plots: PlotsOption = False,
    device: DeviceOption = "auto",
    overwrite: OverwriteOption = False,
    skip_existing: SkipExistingOption = False,
) -> None:
    """Bring singing into another voice; the melody stays, or is shifted as a whole.

    \b
    Example:
      hiervox svc --source song.wav --prompt singer.wav --model exp/svc --semitones 12 -o sung.wav
    """
    options = {"rate": rate, "scaling": scaling, "seed": seed, "semitones": semitones}
    spec = VoiceSpec(prompt, voice, denoise_ratio, replicate)
    targets = targets_of(source, out, out_dir)
    job = _Job("svc", spec, options, control, model, device, f0_in, f0_out, plots)
    job.run(targets, overwrite, skip_existing)


class _Job:
    """Conversions with one model in one voice."""

    def __init__(
        self,
        task: str,
        spec: VoiceSpec,
        options: Mapping[str, Any],
        control: list[str] | None,
        model: str | None,
        device: str,
        f0_in: Path | None,
        f0_out: Path | None,
        plots: bool,
    ) -> None:
        self.task, self.spec, self.options, self.control = task, spec, options, control
        self.model, self.device = model, device
        self.f0_in, self.f0_out, self.plots = f0_in, f0_out, plots

    def run(self, targets: Mapping[Path, Path], overwrite: bool, skip_existing: bool) -> None:
        """Convert recordings, each into its file, unless one is there that is to be skipped."""
        if len(targets) > 1 and (self.f0_in or self.f0_out):
            raise ConfigError("an F0 curve goes with one recording", "convert one at a time")
        inputs = [*targets.values(), self.f0_in, *self.spec.files]
        if not skip_existing:
            check_outputs(list(targets), overwrite, files=[self.f0_out], inputs=inputs)

        from hiervox.models.base.pipelines.bundle import resolve_bundle
        from hiervox.models.base.pipelines.loading import find_system, load
        from hiervox.models.base.pipelines.pitch_curve import read_pitch_curve
        from hiervox.models.base.pipelines.prompt import check_recording

        curve = read_pitch_curve(self.f0_in) if self.f0_in else None
        folder = resolve_bundle(self.model)
        card, _ = find_system(folder, self.task)
        controls = controls_from(card, self.options, self.control)
        pipeline = load(folder, self.task, self.device)
        pipeline.require(rate=controls.rate, denoiser=self.spec.denoise_ratio > 0)
        made_of = {
            **self.spec.record(pipeline),
            "f0_in": str(self.f0_in) if self.f0_in else None,
            "model": str(folder),
            "system": card.name,
            "controls": controls.model_dump(mode="json"),
        }
        requests = {target: {"source": str(source), **made_of} for target, source in targets.items()}
        if skip_existing:
            targets = {
                target: source for target, source in targets.items() if not is_done(target, requests[target])
            }
            check_outputs(list(targets), overwrite, files=[self.f0_out], inputs=inputs)
            if not targets:
                typer.echo("all are there")
                return
        for source in targets.values():
            check_recording(source)
        self.spec.check(pipeline)
        voice = self.spec.voice(pipeline, for_text=False)
        for target, source in progress(targets.items(), "recordings", len(targets)):
            self._write(target, source, pipeline, voice, controls, curve, requests[target])
            typer.echo(target)

    def _write(
        self,
        target: Path,
        source: Path,
        pipeline: Any,
        voice: Voice,
        controls: Any,
        curve: Track | None,
        request: Mapping[str, object],
    ) -> None:
        """Convert one recording; only what is drawn of it stays in memory."""
        from hiervox.models.base.pipelines.speech import concatenated, gain

        f0, sounds = pipeline.vc_stream(source, voice, controls, curve)
        sounds = progress(sounds, f"segments of {source.name}")
        kept = list(sounds) if self.plots else []
        write_pieces(
            target,
            pipeline.at_rate(kept or sounds, controls.rate),
            pipeline.output_rate(controls),
            lambda peak: gain(controls.scaling, peak, voice.peak),
            lambda: request,
            (self.f0_out, lambda: f0) if self.f0_out else None,
            (lambda: Pictured(pipeline.mel(concatenated(kept)), pipeline.mel_config, f0))
            if self.plots
            else None,
        )
