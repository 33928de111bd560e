"""Figures of what the models hear and say, drawn without pyplot's global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def _new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _matrix(values: ArrayLike, name: str) -> np.ndarray:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{name} must have two axes and a value, not the shape {matrix.shape}")
    return matrix


def spectrogram_figure(
    mel: ArrayLike, title: str = "", hop_seconds: float | None = None, bin_hz: ArrayLike | None = None
) -> Figure:
    """Draw a spectrogram (bins, frames), low frequencies at the bottom.

    Args:
        mel: natural logarithms of magnitudes.
        title: above it.
        hop_seconds: time from one frame to the next, for an axis in seconds; None for one in frames.
        bin_hz: (bins,), for an axis in Hz; None for one in bins.
    """
    matrix = _matrix(mel, "a spectrogram")
    figure, axes = _new_figure(8, 3)
    image = axes.imshow(matrix, origin="lower", aspect="auto", interpolation="none", cmap="magma")
    figure.colorbar(image, ax=axes, label="log magnitude (nepers)")
    axes.set(title=title, xlabel="frame", ylabel="bin")
    _seconds_below(axes, hop_seconds)
    if bin_hz is not None:
        hz = np.asarray(bin_hz, dtype=np.float64)
        bins = np.linspace(0, hz.size - 1, 6).round().astype(int)
        axes.set_yticks(bins, [f"{value:.0f}" for value in hz[bins]])
        axes.set_ylabel("Hz")
    return figure


def _seconds_below(axes: Axes, hop_seconds: float | None) -> None:
    """Count an axis of frames in seconds."""
    if hop_seconds is not None:
        axes.xaxis.set_major_formatter(lambda frame, _: f"{frame * hop_seconds:.2f}")
        axes.set_xlabel("seconds")


def pitch_figure(tracks: Mapping[str, ArrayLike], hop_seconds: float = 0.005) -> Figure:
    """Draw F0 tracks over time, one curve a name.

    Args:
        tracks: name → F0 (frames,) in Hz; 0 is unvoiced and leaves a gap.
        hop_seconds: time from one frame to the next.
    """
    figure, axes = _new_figure(8, 3)
    for name, values in tracks.items():
        f0 = np.asarray(values, dtype=np.float64)
        axes.plot(np.arange(f0.size) * hop_seconds, np.where(f0 > 0, f0, np.nan), label=name, linewidth=1)
    axes.set(xlabel="seconds", ylabel="F0 (Hz)")
    if tracks:
        axes.legend(loc="upper right")
    return figure


def alignment_figure(
    alignment: ArrayLike, title: str = "", hop_seconds: float | None = None, symbols: Sequence[str] = ()
) -> Figure:
    """Draw an alignment (frames, tokens): frames to the right, tokens upwards.

    Args:
        alignment: weights, or 0 and 1.
        title: above it.
        hop_seconds: time from one frame to the next, for an axis in seconds; None for one in frames.
        symbols: of the tokens; each is written above the time at which it begins.
    """
    matrix = _matrix(alignment, "an alignment")
    figure, axes = _new_figure(8, 4)
    axes.imshow(matrix.T, origin="lower", aspect="auto", interpolation="none", cmap="Greys")
    axes.set(title=title, xlabel="frame", ylabel="token")
    _seconds_below(axes, hop_seconds)
    if symbols:
        starts = [int(np.argmax(column > 0)) for column in matrix.T]
        ticks = [(start, symbol) for start, symbol in zip(starts, symbols, strict=True) if symbol.strip()]
        above = axes.secondary_xaxis("top")
        above.set_xticks([start for start, _ in ticks], [symbol for _, symbol in ticks], fontsize=7)
    return figure


def curves_figure(curves: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]) -> Figure:
    """Draw values over steps: a row for each name, a line for each of its labels.

    Args:
        curves: name → label → steps and values of equal lengths.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = 1.6 * len(curves) + 0.8
    figure = Figure(figsize=(8, height))
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.12, right=0.98, bottom=0.6 / height, top=1 - 0.2 / height)
    rows = figure.subplots(len(curves), sharex=True, squeeze=False)[:, 0]
    for axes, (name, lines) in zip(rows, curves.items(), strict=True):
        for label, (steps, values) in lines.items():
            axes.plot(steps, values, label=label, linewidth=1, marker="." if np.size(steps) < 20 else "")
        axes.set(ylabel=name)
        axes.legend(loc="upper right")
    rows[-1].set(xlabel="step")
    return figure


def growth_figure(axes: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]]) -> Figure:
    """Draw how time and memory grow, a column for each thing that does; linear growth is a straight line.

    Args:
        axes: name → its sizes, seconds, and megabytes, of equal lengths.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3 * len(axes), 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(2, len(axes), squeeze=False)
    for (name, (sizes, seconds, megabytes)), (above, below) in zip(axes.items(), grid.T, strict=True):
        above.plot(sizes, seconds, marker=".", linewidth=1)
        below.plot(sizes, megabytes, marker=".", linewidth=1)
        above.set(ylim=(0, None))
        below.set(ylim=(0, None), xlabel=name)
    grid[0, 0].set(ylabel="processor time (s)")
    grid[1, 0].set(ylabel="memory (MB)")
    return figure


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure in the format that the suffix names (.png, .svg, .pdf); the folder is made."""
    with replacing_file(Path(path)) as temporary:
        figure.savefig(temporary, dpi=120)
