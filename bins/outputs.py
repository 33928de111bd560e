"""What the speaking verbs leave behind: a waveform, a record of how it was made, pictures on request.

The waveform is written last, so that where one is, the rest is too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.utils.errors import ConfigError, DataError, HierVoxError
from hiervox.utils.files import all_or_nothing, undone_on_failure, write_json
from hiervox.utils.json_files import parse_json, read_json
from hiervox.utils.uploads import storage_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour
    from hiervox.processors.spectrogram import SpectrogramConfig

SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus")
RECORD_SUFFIX = ".json"
PICTURES = ("spectrogram", "pitch", "alignment")

ModelOption = Annotated[
    str | None,
    typer.Option(
        help="An installed model (`hiervox models`), a folder, hf:OWNER/NAME[@REVISION] or a URL. "
        "Default: box, else mini."
    ),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Ask no network for the model.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
PlotsOption = Annotated[bool, typer.Option("--plots", help="Write pictures beside the sound.")]


def record_path(target: Path) -> Path:
    """The record beside a sound: `x.wav.json` of `x.wav`."""
    return target.with_name(f"{target.name}{RECORD_SUFFIX}")


def picture_path(target: Path, name: str) -> Path:
    """A picture beside a sound."""
    return target.with_name(f"{target.name}.{name}.png")


def files_of_sounds(sounds: Iterable[Path]) -> list[Path]:
    """Sound files with what may be written beside each: its record and its pictures.

    Raises:
        ConfigError: no sound file's suffix.
    """
    files = []
    for sound in sounds:
        if sound.suffix.lower() not in SUFFIXES:
            raise ConfigError(f"{sound} is not a sound file", f"name it {', '.join(SUFFIXES)}")
        files += [sound, record_path(sound), *(picture_path(sound, name) for name in PICTURES)]
    return files


def model_files(model: str | None) -> Iterator[Path]:
    """The folder of a model, which no output replaces; none where there is no such model.

    It is looked up as late as it is asked for, so that a verb's other mistakes are told first.
    """
    from hiervox.models.base.pipelines.bundle import resolve_bundle

    with suppress(HierVoxError):  # opening it will say so
        yield resolve_bundle(model)


@dataclass(frozen=True)
class Pictured:
    """What pictures are drawn of.

    Attributes:
        mel: (M, N).
        mel_config: of `mel`.
        f0: (T,) in Hz at 200 Hz; None where the system has none.
        alignment: (N, L); None where there is none to draw.
        frame_rate: of the alignment, Hz.
        symbols: of the alignment's tokens, a blank for one without a symbol.
    """

    mel: NDArray[np.float32]
    mel_config: SpectrogramConfig
    f0: F0Contour | None = None
    alignment: NDArray[np.float32] | None = None
    frame_rate: float = 50.0
    symbols: Sequence[str] = ()


def versions() -> dict[str, str]:
    """What a record says of the programs that made a sound."""
    from importlib.metadata import version

    return {"hiervox": version("hiervox"), "torch": version("torch")}


def is_done(target: Path, request: Mapping[str, object]) -> bool:
    """Whether a sound is there with a record that says the same request."""
    place = storage_of(target)
    try:
        if place is None or target.exists():
            record, is_there = read_json(record_path(target)), target.is_file()
        else:
            storage, name = place
            record = parse_json(storage.read(record_path(Path(name)).as_posix()).decode())
            is_there = storage.size(name) is not None
    except (OSError, ValueError, DataError):
        return False
    wanted = json.loads(json.dumps(request))
    return is_there and isinstance(record, dict) and wanted.items() <= record.items()


def sound_path(target: Path, name: str) -> Path:
    """One of several sounds of a target: `x.voice.wav` of `x.wav`."""
    return target.with_name(f"{target.stem}.{name}{target.suffix}")


def write_sounds(sounds: Mapping[Path, Waveform], rate: int, record: Mapping[str, object]) -> None:
    """Write several waveforms (T,) of one folder, each with the record, or none of them.

    Raises:
        As `write_sound`.
    """
    from hiervox.processors import audio_writing

    *_, last = sounds
    with all_or_nothing(last.parent, last=last.name) as folder:
        for target, wav in sounds.items():
            staged = folder / target.name
            samples = audio_writing.write_chunks(staged, [wav], rate, lambda peak: 1.0, str(target))
            write_json(record_path(staged), {**record, **_made(samples, rate)})


def _made(samples: int, rate: int) -> dict[str, object]:
    return {"rate": rate, "seconds": round(samples / rate, 3), "versions": versions()}


def write_sound(target: Path, wav: Waveform, rate: int, record: Mapping[str, object]) -> None:
    """Write a waveform (T,) and its record.

    Raises:
        AudioError: the waveform is silent, clipped or not finite.
        OSError: the disk is full, or the like. Whatever is raised, nothing is written.
    """
    write_chunks(target, [wav], rate, lambda peak: 1.0, lambda: record)


def write_chunks(
    target: Path,
    chunks: Iterable[Waveform],
    rate: int,
    gain: Callable[[float], float],
    record: Callable[[], Mapping[str, object]],
    f0_out: tuple[Path, Callable[[], F0Contour]] | None = None,
    pictures: Callable[[], Pictured] | None = None,
    beside: tuple[Path, Callable[[Path], None]] | None = None,
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
        beside: a file of what else there is to say of it, and what writes it.

    Raises:
        As `write_sound`.
    """
    from hiervox.processors import audio_writing

    with undone_on_failure() as write, all_or_nothing(target.parent, last=target.name) as folder:
        staged = folder / target.name
        samples = audio_writing.write_chunks(staged, chunks, rate, gain, str(target))
        write_json(record_path(staged), {**record(), **_made(samples, rate)})
        if pictures is not None:
            _draw(staged, pictures())
        if f0_out is not None:
            from hiervox.models.base.pipelines.pitch_curve import write_pitch_curve

            place, curve = f0_out
            write(place, lambda path: write_pitch_curve(path, curve()))
        if beside is not None:
            write(*beside)


def _draw(target: Path, pictured: Pictured) -> None:
    from hiervox.processors.spectrogram import mel_frequencies
    from hiervox.utils.plots import alignment_figure, pitch_figure, save_figure, spectrogram_figure

    config = pictured.mel_config
    hop_seconds = config.hop_length / config.sample_rate
    figure = spectrogram_figure(
        pictured.mel, hop_seconds=hop_seconds, bin_hz=mel_frequencies(config), decibels=config.decibels
    )
    save_figure(figure, picture_path(target, "spectrogram"))
    if pictured.f0 is not None:
        save_figure(pitch_figure({"F0": pictured.f0}), picture_path(target, "pitch"))
    if pictured.alignment is not None:
        figure = alignment_figure(
            pictured.alignment, hop_seconds=1 / pictured.frame_rate, symbols=pictured.symbols
        )
        save_figure(figure, picture_path(target, "alignment"))
