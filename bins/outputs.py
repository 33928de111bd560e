"""What `tts`, `vc` and `sr` leave behind: a waveform, a record of how it was made, pictures on request.

The waveform is written last, so that where one is, the rest is too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from utils.errors import ConfigError
from utils.files import all_or_nothing, require_writable, write_json

if TYPE_CHECKING:
    from models.tts.hierspeechpp.pipeline import Speech
    from processors.audio import Waveform

SUFFIXES = (".wav", ".flac")
RECORD_SUFFIX = ".json"
PICTURES = ("spectrogram", "pitch", "alignment")

ModelOption = Annotated[
    str | None, typer.Option(help="Name of an installed model, or a folder. Default: box, else mini.")
]
RateOption = Annotated[int, typer.Option(help="Hz of the result: 16000, 24000 or 48000.")]
SeedOption = Annotated[int, typer.Option(help="Of all noise; the same seed gives the same sound.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
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
            if file.is_dir():
                raise ConfigError(f"{file} is a folder", "choose another name")
            if file.exists() and not overwrite:
                raise ConfigError(f"{file} exists", "choose another name, or add --overwrite")
    for folder in {target.parent for target in targets}:
        try:
            require_writable(folder)
        except OSError as error:
            raise ConfigError(
                f"can't write into {folder} ({error.strerror})", "choose another place"
            ) from error


def write_sound(
    target: Path, wav: Waveform, rate: int, record: Mapping[str, object], pictures: Speech | None = None
) -> None:
    """Write a waveform (T,) and its record, and pictures where `pictures` says what to draw.

    Raises:
        AudioError: the waveform is not fit to be heard.
        OSError: the disk is full, or the like. Whatever is raised, nothing is written.
    """
    from processors.audio import check_waveform, write_audio

    check_waveform(wav, str(target))
    with all_or_nothing(target.parent, last=target.name) as folder:
        staged = folder / target.name
        write_json(record_path(staged), {**record, "rate": rate, "seconds": round(len(wav) / rate, 3)})
        if pictures is not None:
            _draw(staged, pictures)
        write_audio(staged, wav, rate)


def _draw(target: Path, speech: Speech) -> None:
    from utils.plots import alignment_figure, pitch_figure, save_figure, spectrogram_figure

    save_figure(spectrogram_figure(speech.mel), picture_path(target, "spectrogram"))
    save_figure(pitch_figure({"F0": speech.f0}), picture_path(target, "pitch"))
    if speech.alignment is not None:
        save_figure(alignment_figure(speech.alignment), picture_path(target, "alignment"))
