"""Whom to speak like: options that `tts`, `vc` and `voice` share, and the voice that they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.options import OptionGroup
from hiervox.bins.rows import NO_VOICE, OwnVoice
from hiervox.utils.errors import ConfigError, HierVoxError

if TYPE_CHECKING:
    from hiervox.bins.job import Job
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import Voiced
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.pitch import F0Contour

TEXT_SUFFIX = ".txt"
"""Of what is said in a recording, beside it."""

DenoiseOption = Annotated[
    float, typer.Option(help="Share of the style from the denoised prompt, 0 to 1; 0.8 for noisy prompts.")
]
ReplicateOption = Annotated[
    bool, typer.Option("--replicate", help="Repeat a prompt under 3 s for the style encoders.")
]


@dataclass(frozen=True)
class VoiceOptions(OptionGroup):
    """Whom to speak like."""

    prompt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE[:WEIGHT]", help="A recording of the voice to speak in. Several are mixed by weight."
        ),
    ] = None
    voice: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:WEIGHT]", help="A saved voice (`hiervox voice`) or one of the model's, likewise."
        ),
    ] = None
    denoise_ratio: DenoiseOption = 0.0
    replicate: ReplicateOption = False

    def spec(self, own: OwnVoice = NO_VOICE) -> VoiceSpec:
        """What is asked for: by a row of a table where that names a voice, else by the options.

        Raises:
            ConfigError: a weight is unusable.
        """
        prompts, voices = self.prompt, self.voice
        if any(own):
            prompts, voices = [own.prompt] if own.prompt else None, [own.voice] if own.voice else None
        return VoiceSpec(prompts, voices, self.denoise_ratio, self.replicate)


@dataclass(frozen=True)
class CurveOptions(OptionGroup):
    """The F0 contour of what is spoken."""

    f0_in: Annotated[Path | None, typer.Option(help="CSV of seconds,hz: what the pitch is to be.")] = None
    f0_out: Annotated[
        Path | None, typer.Option(help="Write the pitch as CSV of seconds,hz, 200 a second.")
    ] = None

    def require_one(self, count: int, what: str) -> None:
        """Refuse a contour for several sounds.

        Args:
            count: of them.
            what: goes in, such as `text`.

        Raises:
            ConfigError: a contour is given or asked for, and there is more than one.
        """
        if count > 1 and (self.f0_in or self.f0_out):
            raise ConfigError(f"an F0 curve goes with one {what}", "make one sound at a time")

    def read(self) -> F0Contour | None:
        """The contour (T,) in Hz at 200 Hz that is given; None for none.

        Raises:
            DataError: the file is not such a table.
        """
        from hiervox.models.base.pipelines.pitch_curve import read_pitch_curve

        return read_pitch_curve(self.f0_in) if self.f0_in else None


class VoiceSpec:
    """Prompts and named voices with their weights, looked at before any network is loaded.

    Args:
        prompts, voices: as the options give them; without any, the model's own first voice is meant.
        denoise_ratio, replicate: of the prompts.

    Raises:
        ConfigError: a weight is unusable.
    """

    def __init__(
        self,
        prompts: Sequence[str] | None,
        voices: Sequence[str] | None,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
    ) -> None:
        self.prompts = _weighted(prompts or (), lambda file: not Path(file).exists())
        self.voices = _weighted(voices or (), lambda name: True)
        self.denoise_ratio = denoise_ratio
        self.replicate = replicate
        self.doubts: dict[str, str] = {}

    @property
    def files(self) -> list[str]:
        """The recordings among them."""
        return [file for file, _ in self.prompts]

    @property
    def inputs(self) -> list[Path]:
        """All files that may be read: recordings, texts of the same names beside them, saved voices."""
        from hiervox.models.base.pipelines.voice_store import is_voice_name, voice_path

        recordings = [Path(file) for file in self.files]
        saved = [voice_path(name) for name, _ in self.voices if is_voice_name(name)]
        return [*recordings, *(file.with_suffix(TEXT_SUFFIX) for file in recordings if file.name), *saved]

    def check(self, pipeline: Voiced[SpeechControls]) -> None:
        """Read all of it; no network is needed for that.

        Raises:
            AudioError: a prompt is missing, broken, silent, too short or too long.
            ConfigError: a voice is not there, or of another model.
        """
        from hiervox.models.base.pipelines.prompt import prepare_prompt, read_prompt
        from hiervox.processors.voice_activity import measure_voice

        for file, _ in self.prompts:
            recording = prepare_prompt(*read_prompt(Path(file)), file)
            doubt = measure_voice(recording).doubt
            if doubt is not None:
                self.doubts[file] = f"seems to hold no speech: {doubt}"
        for name, _ in self.voices:
            pipeline.named_voice(name)
        if not self.prompts and not self.voices:
            pipeline.own_voice()

    def voice(self, pipeline: Voiced[SpeechControls], for_text: bool = True) -> Voice:
        """The voice, mixed where there are several; see `Voiced.voice`."""
        from hiervox.models.base.pipelines.voice import mix_voices

        def made(prompt: Path | Voice | None) -> Voice:
            return pipeline.voice(
                prompt, denoise_ratio=self.denoise_ratio, replicate=self.replicate, for_text=for_text
            )

        found = [
            *(made(Path(file)) for file, _ in self.prompts),
            *(made(pipeline.named_voice(name)) for name, _ in self.voices),
        ]
        weights = [weight for _, weight in (*self.prompts, *self.voices)]
        if not found:
            return made(None)
        return found[0] if len(found) == 1 else mix_voices(found, weights)

    def request(self, job: Job[Any], f0_in: Path | None) -> dict[str, object]:
        """What the records of a job in this voice say beside what goes in; all of that is checked first.

        Raises:
            As `check`; CheckpointError: the model lacks a network for what is asked.
        """
        pipeline = job.pipeline
        pipeline.require(rate=job.controls.rate, denoiser=self.denoise_ratio > 0)
        self.check(pipeline)
        return {
            **self.record(pipeline),
            "f0_in": str(f0_in) if f0_in else None,
            "system": job.card.name,
        }

    def record(self, pipeline: Voiced[SpeechControls]) -> dict[str, object]:
        """What to note beside a sound."""
        own = {} if self.prompts or self.voices else {pipeline.own_voice_name: 1.0}
        return {
            "prompts": dict(self.prompts),
            "voices": {**dict(self.voices), **own},
            "denoise_ratio": self.denoise_ratio,
            "replicate": self.replicate,
            **({"prompt_warnings": self.doubts} if self.doubts else {}),
        }


class JobVoices:
    """The voices of a job: one of the options, or one a row. Each is checked once and made once.

    Args:
        options: of the verb.
        rows: place → whom its row speaks like.

    Raises:
        ConfigError: a weight is unusable.
    """

    def __init__(self, options: VoiceOptions, rows: Iterable[tuple[str, OwnVoice]]) -> None:
        self._specs: dict[OwnVoice, VoiceSpec] = {}
        self._places: dict[OwnVoice, str] = {}
        for place, own in rows:
            if own not in self._specs:
                self._specs[own], self._places[own] = options.spec(own), place
        self._requests: dict[OwnVoice, dict[str, object]] = {}
        self._made: dict[OwnVoice, Voice] = {}

    @property
    def inputs(self) -> list[Path]:
        """All files that may be read; see `VoiceSpec.inputs`."""
        return [file for spec in self._specs.values() for file in spec.inputs]

    def request(self, job: Job[Any], own: OwnVoice, f0_in: Path | None) -> dict[str, object]:
        """As `VoiceSpec.request`; an error names the first row in that voice."""
        if own not in self._requests:
            try:
                self._requests[own] = self._specs[own].request(job, f0_in)
            except HierVoxError as error:
                if not any(own):
                    raise
                raise type(error)(f"{self._places[own]}: {error.problem}", error.hint) from error
        return self._requests[own]

    def voice(self, pipeline: Voiced[SpeechControls], own: OwnVoice, for_text: bool = True) -> Voice:
        """As `VoiceSpec.voice`."""
        if own not in self._made:
            self._made[own] = self._specs[own].voice(pipeline, for_text)
        return self._made[own]


def _weighted(values: Sequence[str], is_split: Callable[[str], bool]) -> list[tuple[str, float]]:
    """`NAME[:WEIGHT]` as a name and a weight, 1 where none is given."""
    found = []
    for value in values:
        name, colon, weight = value.rpartition(":")
        if colon and name and is_split(value):
            try:
                number = float(weight)
            except ValueError:
                name, number = value, 1.0
            if not 0 < number < float("inf"):
                raise ConfigError(f"no weight {weight} of {name}", "give a number over 0, or leave it out")
            found.append((name, number))
        else:
            found.append((value, 1.0))
    return found
