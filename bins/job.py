"""What the verbs of tasks share: a model, what goes in, where it goes, what is noted of it.

A verb, of the tree or of a package, states its options and what it does with each item. `Job` checks the
outputs before any work, opens the model for a task, leaves out what is there, shows the progress and writes
sounds with their records, all or nothing::

    @grouped
    def separate(recordings: Recordings, output: OutputOptions, run: BatchOptions) -> None:
        \"""Take the voices of a mixture apart.\"""
        targets = output.targets(recordings)
        job = Job("separation", targets, **vars(run), inputs=recordings, sounds=("first", "second"))
        for item, wav, rate in job.recordings():
            item.write_sounds(job.pipeline.separate(wav, rate), job.pipeline.rate)

A user's mistake is a `HierVoxError`, which the command line prints as one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import typer

from hiervox.bins.controls import NO_OPTIONS, ControlOptions, controls_from
from hiervox.bins.options import DeviceOption, OptionGroup, Precision, PrecisionOption
from hiervox.bins.outputs import (
    ModelOption,
    OfflineOption,
    OverwriteOption,
    Pictured,
    files_of_sounds,
    is_done,
    model_files,
    sound_path,
    write_chunks,
    write_sound,
    write_sounds,
)
from hiervox.bins.progress import progress
from hiervox.utils.errors import AudioError, ConfigError
from hiervox.utils.network import go_offline
from hiervox.utils.outputs import check_outputs
from hiervox.utils.storage import url_of

if TYPE_CHECKING:
    from hiervox.models.base.card import SystemCard
    from hiervox.models.base.pipelines.controls import Scaling
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour


@dataclass(frozen=True)
class RunOptions(OptionGroup):
    """With what a verb works: `Job(task, targets, **vars(run))`."""

    model: ModelOption = None
    offline: OfflineOption = False
    device: DeviceOption = "auto"
    precision: PrecisionOption = "float32"
    overwrite: OverwriteOption = False


@dataclass(frozen=True)
class BatchOptions(RunOptions):
    """With what a verb works that makes several sounds."""

    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave sounds alone whose records say the same request.")
    ] = False


@dataclass(frozen=True)
class OutputOptions(OptionGroup):
    """Where the sounds of recordings go."""

    out: Annotated[Path | None, typer.Option("--out", "-o", help="The sound file, for one recording.")] = None
    out_dir: Annotated[
        Path | None, typer.Option(help="Folder for several recordings: IN.wav becomes IN.wav there.")
    ] = None

    def targets(self, recordings: Sequence[Path]) -> dict[Path, Path]:
        """Sound file → recording; see `targets_of`."""
        return targets_of(recordings, self.out, self.out_dir)


@dataclass(frozen=True)
class TokenOutputOptions(OptionGroup):
    """Where the tokens of recordings go."""

    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file of tokens, for one recording.")
    ] = None
    out_dir: Annotated[
        Path | None, typer.Option(help="Folder for several recordings: IN.wav becomes IN.codes there.")
    ] = None

    def targets(self, recordings: Sequence[Path]) -> dict[Path, Path]:
        """File of tokens → recording; see `targets_of`."""
        return targets_of(recordings, self.out, self.out_dir, ".codes")


InputT = TypeVar("InputT")


def targets_of(
    recordings: Sequence[Path], out: Path | None, out_dir: Path | None, suffix: str = ".wav"
) -> dict[Path, Path]:
    """Output → recording; in a folder by the recording's name with another suffix.

    Raises:
        ConfigError: none or both of the options, or one file for several recordings.
    """
    if (out is None) == (out_dir is None):
        raise ConfigError("where to write is not clear", "give --out for one recording, or --out-dir")
    if out is not None:
        if len(recordings) > 1:
            raise ConfigError(f"{len(recordings)} recordings make as many files", "give --out-dir")
        return {out: recordings[0]}
    assert out_dir is not None
    targets: dict[Path, Path] = {}
    for recording in recordings:
        target = out_dir / f"{recording.stem}{suffix}"
        if target in targets:
            raise ConfigError(
                f"{targets[target]} and {recording} would both become {target}", "rename one of them"
            )
        targets[target] = recording
    return targets


@dataclass(frozen=True)
class Item(Generic[InputT]):
    """One thing that a verb does.

    Attributes:
        input: what goes in.
        target: the sound file.
        request: what its record says was asked for.
        sounds: names of what is made of it, where that is several: `x.NAME.wav` of `x.wav`.
    """

    input: InputT
    target: Path
    request: Mapping[str, object]
    sounds: Sequence[str] = ()

    @property
    def files(self) -> list[Path]:
        """The sound files."""
        return [sound_path(self.target, name) for name in self.sounds] or [self.target]

    def write_sounds(self, wavs: Sequence[Waveform], rate: int) -> None:
        """Write one waveform (T,) for each of `sounds`, each with its record, or none of them.

        Raises:
            ConfigError: there are more or fewer of them.
            As `outputs.write_sound`.
        """
        if len(wavs) != len(self.files):
            raise ConfigError(
                f"the model makes {len(wavs)} sounds of {self.input}",
                f"ask for them, not {len(self.files)}",
            )
        write_sounds(dict(zip(self.files, wavs, strict=True)), rate, self.request)
        for file in self.files:
            typer.echo(file)

    def write(self, wav: Waveform, rate: int) -> None:
        """Write a waveform (T,) and its record; see `write_sound`."""
        write_sound(self.target, wav, rate, self.request)
        typer.echo(self.target)

    def write_stream(
        self, chunks: Iterable[Waveform], rate: int, gain: Callable[[float], float] = lambda peak: 1.0
    ) -> None:
        """Write a waveform (T_i,) as it comes, and its record; see `write_sound`.

        Args:
            chunks: unscaled.
            rate: Hz.
            gain: the peak of the whole → the factor of the whole; by default it is written as it is.
        """
        write_chunks(self.target, chunks, rate, gain, lambda: self.request)
        typer.echo(self.target)

    def write_chunks(
        self,
        chunks: Iterable[Waveform],
        rate: int,
        scaling: Scaling,
        prompt_peak: float,
        *,
        noted: Callable[[], Mapping[str, object]] = dict,
        f0_out: tuple[Path, Callable[[], F0Contour]] | None = None,
        pictures: Callable[[], Pictured] | None = None,
        beside: tuple[Path, Callable[[Path], None]] | None = None,
    ) -> None:
        """Write a waveform (T_i,) as it comes, scaled as asked for; see `outputs.write_chunks`.

        Args:
            chunks: unscaled.
            rate: of them, Hz.
            scaling: see `SpeechControls`.
            prompt_peak: for the scaling `prompt`.
            noted: what the record says beside the request.
            f0_out: where the pitch curve goes, and the curve.
            pictures: what to draw.
            beside: a file of what else there is to say of it, and what writes it.

        Raises:
            AudioError: unscaled, it goes over full scale.
        """
        from hiervox.models.base.pipelines.speech import gain

        def factor(peak: float) -> float:
            if scaling == "none" and peak > 1:
                raise AudioError(
                    f"{self.target}: the waveform clips (peak {peak:.3f})", "use --scaling max or prompt"
                )
            return gain(scaling, peak, prompt_peak)

        write_chunks(
            self.target,
            chunks,
            rate,
            factor,
            lambda: {**self.request, **noted()},
            f0_out,
            pictures,
            beside,
        )
        typer.echo(self.target)


@dataclass
class Job(Generic[InputT]):
    """A verb's work with one model. Outputs are checked before any of it is done, and the model opens late.

    Attributes:
        task: or capability that the model is opened for.
        targets: sound file → what goes in.
        model, device, overwrite, offline, skip_existing, precision: as the options say.
        options: controls as the verb's options give them.
        rate: of the network that is opened, where a bundle holds several; Hz.
        files: further outputs; None for one that was not asked for.
        inputs: what is read beside the model, which no output replaces.
        checked: whether the outputs are files that can be checked.
        sounds: names of what is made of each input, where that is several: `x.NAME.wav` of `x.wav`.

    Raises:
        ConfigError: an output that can't or must not be written, see `check_outputs`.
    """

    task: str
    targets: Mapping[Path, InputT]
    model: str | None
    device: str
    overwrite: bool
    offline: bool = False
    skip_existing: bool = False
    precision: Precision = "float32"
    options: ControlOptions = NO_OPTIONS
    rate: int | None = None
    files: Sequence[Path | None] = ()
    inputs: Sequence[Path | str | None] = ()
    checked: bool = True
    sounds: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.offline:
            go_offline()
        if not self.skip_existing:
            self._check([self._item(target, {}) for target in self.targets])

    def _item(self, target: Path, request: Mapping[str, object]) -> Item[InputT]:
        return Item(self.targets[target], target, request, self.sounds)

    def _check(self, items: Sequence[Item[InputT]]) -> None:
        files = [file for item in items for file in item.files] if self.checked else []
        outputs = [*files_of_sounds(files), *self.files]
        check_outputs(outputs, self.overwrite, inputs=chain(self.inputs, model_files(self.model)))

    @cached_property
    def folder(self) -> Path:
        """Of the model.

        Raises:
            ConfigError: there is none.
        """
        from hiervox.models.base.pipelines.bundle import resolve_bundle

        return resolve_bundle(self.model)

    def _shown_model(self) -> str:
        """What a record calls the model: for one on the Hub, the commit that a branch was at."""
        from hiervox.models.base.hub.names import HubName, hub_name

        name = self.model or ""
        if (on_hub := hub_name(name)) is not None:
            return str(HubName(on_hub.repo, self.folder.name))
        return url_of(name) or str(self.folder)

    @cached_property
    def card(self) -> SystemCard:
        """Of the system that the model is opened with.

        Raises:
            CheckpointError: the model does not serve the task.
        """
        from hiervox.models.base.pipelines.loading import find_system

        return find_system(self.folder, self.task, self.rate)[0]

    @cached_property
    def controls(self) -> Any:
        """Of the system, from the options.

        Raises:
            ConfigError: a control that it does not have, a value out of range, or one given twice.
        """
        return controls_from(self.card, self.options)

    @cached_property
    def pipeline(self) -> Any:
        """The opened model, an object that implements the task's protocol.

        Raises:
            CheckpointError: a checkpoint is missing or broken.
        """
        from hiervox.models.base.pipelines.loading import load

        return load(self.folder, self.task, self.device, self.rate, self.precision)

    def items(self, request: Callable[[InputT], Mapping[str, object]]) -> list[Item[InputT]]:
        """What there is to do: all of it, or what is not there yet.

        Args:
            request: what goes in → what its record says was asked for, beside the model and its controls.
        """
        asked: dict[str, object] = {"model": self._shown_model()}
        if self.sounds:
            asked["sounds"] = list(self.sounds)
        if self.precision != "float32":
            asked["precision"] = self.precision
        if controls := self.controls.model_dump(mode="json"):
            asked["controls"] = controls
        items = [self._item(target, {**request(what), **asked}) for target, what in self.targets.items()]
        if self.skip_existing:
            items = [item for item in items if not all(is_done(file, item.request) for file in item.files)]
            self._check(items)
            if not items:
                typer.echo("all are there")
        return items

    def recordings(self, **asked: object) -> Iterator[tuple[Item[InputT], Waveform, int]]:
        """The items whose inputs are sound files, each read: an item, its waveform (T,) and its rate in Hz.

        Args:
            asked: what records say beside the input.
        """
        from hiervox.processors.audio import read_audio

        items = self.items(lambda source: {"input": str(source), **asked})
        for item in progress(items, "recordings", len(items)):
            yield item, *read_audio(Path(str(item.input)))
