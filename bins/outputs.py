"""What the speaking verbs leave behind: a waveform, a record of how it was made, pictures on request.

The waveform is written last, so that where one is, the rest is too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.utils.errors import ConfigError
from hiervox.utils.files import all_or_nothing, require_writable, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import Track

SUFFIXES = (".wav", ".flac")
RECORD_SUFFIX = ".json"
PICTURES = ("spectrogram", "pitch", "alignment")

ModelOption = Annotated[
    str | None, typer.Option(help="Name of an installed model, or a folder. Default: box, else mini.")
]
RateOption = Annotated[int, typer.Option(help="Hz of the result: 16000, 24000 or 48000.")]
SeedOption = Annotated[int, typer.Option(help="Of all noise; the same seed gives the same sound.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
F0OutOption = Annotated[Path | None, typer.Option(help="Write the pitch as CSV of seconds,hz, 200 a second.")]
PlotsOption = Annotated[bool, typer.Option("--plots", help="Write pictures beside the sound.")]


def record_path(target: Path) -> Path:
    """The record beside a waveform."""
    return target.with_suffix(RECORD_SUFFIX)


def picture_path(target: Path, name: str) -> Path:
    """A picture beside a waveform."""
    return target.with_name(f"{target.stem}.{name}.png")


def check_targets(targets: Sequence[Path], overwrite: bool) -> None:
    """Refuse files that can't or must not be written, before any work is done.

    Raises:
        ConfigError: no sound file's suffix, a folder's name, an existing file without `overwrite`, or a place
            where files can't be made.
    """
    for target in targets:
        if target.suffix.lower() not in SUFFIXES:
            raise ConfigError(f"{target} is no sound file", f"name it {' or '.join(SUFFIXES)}")
        for file in (target, record_path(target), *(picture_path(target, name) for name in PICTURES)):
            _check_file(file, overwrite)
    _check_folders(targets)


def _check_file(file: Path, overwrite: bool) -> None:
    if file.is_dir():
        raise ConfigError(f"{file} is a folder", "choose another name")
    if file.exists() and not overwrite:
        raise ConfigError(f"{file} exists", "choose another name, or add --overwrite")


def _check_folders(files: Sequence[Path]) -> None:
    for folder in {file.parent for file in files}:
        try:
            require_writable(folder)
        except OSError as error:
            raise ConfigError(
                f"can't write into {folder} ({error.strerror})", "choose another place"
            ) from error


@dataclass(frozen=True)
class Pictured:
    """What pictures are drawn of.

    Attributes:
        mel: (80, N).
        f0: (T,) in Hz.
        alignment: (N, L); None where there is none to draw.
    """

    mel: NDArray[np.float32]
    f0: Track
    alignment: NDArray[np.float32] | None = None


def check_files(files: Sequence[Path], overwrite: bool) -> None:
    """Refuse further files as `check_targets` does sound files."""
    for file in files:
        _check_file(file, overwrite)
    _check_folders(files)


def write_sound(target: Path, wav: Waveform, rate: int, record: Mapping[str, object]) -> None:
    """Write a waveform (T,) and its record.

    Raises:
        AudioError: the waveform is not fit to be heard.
        OSError: the disk is full, or the like. Whatever is raised, nothing is written.
    """
    write_pieces(target, [wav], rate, lambda peak: 1.0, lambda: record)


def write_pieces(
    target: Path,
    chunks: Iterable[Waveform],
    rate: int,
    gain: Callable[[float], float],
    record: Callable[[], Mapping[str, object]],
    f0_out: tuple[Path, Callable[[], Track]] | None = None,
    pictures: Callable[[], Pictured] | None = None,
) -> None:
    """Write a sound as it comes, and what there is to say of it when it is there.

    Args:
        target: the sound file.
        chunks: (T_i,) each.
        rate: Hz.
        gain: the peak of the whole → the factor of the whole.
        record: what to note beside it.
        f0_out: where its pitch curve goes, and the curve.
        pictures: what to draw.

    Raises:
        As `write_sound`.
    """
    from hiervox.processors.audio_writing import write_chunks

    with all_or_nothing(target.parent, last=target.name) as folder:
        staged = folder / target.name
        samples = write_chunks(staged, chunks, rate, gain, str(target))
        noted = {**record(), "rate": rate, "seconds": round(samples / rate, 3)}
        write_json(record_path(staged), noted)
        if pictures is not None:
            _draw(staged, pictures())
        if f0_out is not None:
            from hiervox.models.tts.hierspeechpp.pitch_curve import write_pitch_curve

            path, curve = f0_out
            write_pitch_curve(path, curve())


def _draw(target: Path, pictured: Pictured) -> None:
    from hiervox.utils.plots import alignment_figure, pitch_figure, save_figure, spectrogram_figure

    save_figure(spectrogram_figure(pictured.mel), picture_path(target, "spectrogram"))
    save_figure(pitch_figure({"F0": pictured.f0}), picture_path(target, "pitch"))
    if pictured.alignment is not None:
        save_figure(alignment_figure(pictured.alignment), picture_path(target, "alignment"))
