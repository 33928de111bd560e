"""Figures of what the models hear and say, drawn without pyplot's global state."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hiervox.utils.errors import DependencyError
from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Of curves; people of any colour vision tell them apart (Okabe and Ito, Color Universal Design, 2008)."""
LEVELS, SIGNED, WEIGHTS = "magma", "PuOr", "Greys"
"""Colour maps of levels, of what has a sign, and of shares; all of them are safe for the colour-blind."""
SECONDS = "seconds"
BAR_SPACE = 0.92
"""Of the width of a figure, what is left of the labels of a colour bar."""
DOTS, QUALITY = 80, 75
"""To the inch, and of 100, of pictures in pages."""


def empty_figure(width: float, height: float, **settings: Any) -> Figure:
    """An empty figure, in inches.

    Raises:
        DependencyError: matplotlib is not there.
    """
    with _matplotlib():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), **settings)
    FigureCanvasAgg(figure)
    return figure


@contextmanager
def _matplotlib() -> Iterator[None]:
    """Imports of what an extra brings."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise DependencyError(
            f"pictures need the package {error.name}", "pip install 'hiervox[eval]'"
        ) from error


def _new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = empty_figure(width, height)
    figure.subplots_adjust(
        left=0.7 / width, right=1 - 0.15 / width, bottom=0.5 / height, top=1 - 0.35 / height
    )
    axes = figure.add_subplot()
    axes.set_prop_cycle(color=COLOURS)
    return figure, axes


def _matrix(values: ArrayLike, name: str) -> np.ndarray:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"{name} must have two axes and a value, not the shape {matrix.shape}")
    return matrix


def spectrogram_figure(
    mel: ArrayLike,
    title: str = "",
    hop_seconds: float | None = None,
    bin_hz: ArrayLike | None = None,
    *,
    decibels: float | None = None,
    limits: tuple[float, float] | None = None,
    signed: bool = False,
) -> Figure:
    """Draw a spectrogram (bins, frames), low frequencies at the bottom.

    Args:
        mel: logarithms of magnitudes, or differences of such.
        title: above it.
        hop_seconds: time from one frame to the next, for an axis in seconds; None for one in frames.
        bin_hz: (bins,), for an axis in Hz; None for one in bins.
        decibels: of a unit of `mel`, for colours in dB; None for colours in units of it.
        limits: levels of the first and the last colour; those of `mel` where None.
        signed: whether it is a difference.
    """
    matrix = _matrix(mel, "a spectrogram") * (decibels or 1.0)
    figure, axes = _new_figure(8, 3)
    colours, (low, high) = SIGNED if signed else LEVELS, limits or (None, None)
    image = axes.imshow(
        matrix, origin="lower", aspect="auto", interpolation="none", cmap=colours, vmin=low, vmax=high
    )
    what = "difference" if signed else "level"
    figure.subplots_adjust(right=BAR_SPACE)
    figure.colorbar(
        image, ax=axes, pad=0.02, fraction=0.05, label=f"{what} (dB)" if decibels else f"log-mel {what}"
    )
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
        axes.set_xlabel(SECONDS)


def matrix_figure(
    values: ArrayLike, seconds: float, ylabel: str = "channel", *, signed: bool = False
) -> Figure:
    """Draw what has no frequencies over seconds, such as a latent or the tokens of codebooks.

    Args:
        values: (rows, frames), the first row at the bottom.
        seconds: that the frames last.
        ylabel: what a row is.
        signed: whether zero lies in the middle of the colours.
    """
    from matplotlib.ticker import MaxNLocator

    matrix = _matrix(values, "a picture")
    figure, axes = _new_figure(8, 3)
    farthest = float(np.abs(matrix).max()) if signed else None
    image = axes.imshow(
        matrix,
        origin="lower",
        aspect="auto",
        interpolation="none",
        cmap=SIGNED if signed else LEVELS,
        vmin=None if farthest is None else -farthest,
        vmax=farthest,
        extent=(0, seconds, -0.5, len(matrix) - 0.5),
    )
    figure.subplots_adjust(right=BAR_SPACE)
    figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=SECONDS, ylabel=ylabel)
    return figure


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
    axes.set(xlabel=SECONDS, ylabel="F0 (Hz)")
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
    axes.imshow(matrix.T, origin="lower", aspect="auto", interpolation="none", cmap=WEIGHTS)
    axes.set(title=title, xlabel="frame", ylabel="token")
    _seconds_below(axes, hop_seconds)
    if symbols:
        starts = [int(np.argmax(column > 0)) for column in matrix.T]
        ticks = [(start, symbol) for start, symbol in zip(starts, symbols, strict=True) if symbol.strip()]
        above = axes.secondary_xaxis("top")
        above.set_xticks([start for start, _ in ticks], [symbol for _, symbol in ticks], fontsize=7)
    return figure


def speech_figure(
    mel: ArrayLike,
    hop_seconds: float,
    bin_hz: ArrayLike,
    tracks: Mapping[str, ArrayLike],
    rows: Sequence[Sequence[tuple[float, float, str]]] = (),
) -> Figure:
    """Draw speech over one axis of seconds: its spectrogram, F0, and what is said.

    Args:
        mel: (bins, frames), natural logarithms of magnitudes.
        hop_seconds: time from one frame to the next.
        bin_hz: (bins,).
        tracks: name → F0 in Hz, 200 a second; 0 is unvoiced and leaves a gap.
        rows: of begin, end and text, such as words above and phonemes below.
    """
    matrix = _matrix(mel, "a spectrogram")
    heights = [3.0, *([1.6] if tracks else []), *([0.35 * len(rows)] if rows else [])]
    figure = empty_figure(9, sum(heights) + 0.6, layout="constrained")
    shown = figure.subplots(len(heights), sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes in shown:
        axes.set_prop_cycle(color=COLOURS)
    hz, seconds = np.asarray(bin_hz, dtype=np.float64), matrix.shape[1] * hop_seconds
    shown[0].imshow(
        matrix, origin="lower", aspect="auto", cmap=LEVELS, extent=(0, seconds, -0.5, hz.size - 0.5)
    )
    bins = np.linspace(0, hz.size - 1, 6).round().astype(int)
    shown[0].set_yticks(bins, [f"{value:.0f}" for value in hz[bins]])
    shown[0].set_ylabel("Hz")
    if tracks:
        for name, values in tracks.items():
            f0 = np.asarray(values, dtype=np.float64)
            shown[1].plot(np.arange(f0.size) * 0.005, np.where(f0 > 0, f0, np.nan), label=name, linewidth=1)
        shown[1].set_ylabel("F0 (Hz)")
        shown[1].legend(loc="upper right", fontsize=8)
    for height, row in enumerate(reversed(rows)):
        for start, end, text in row:
            shown[-1].axvline(start, height / len(rows), (height + 1) / len(rows), color="0.7", linewidth=0.5)
            shown[-1].text(
                (start + end) / 2, height + 0.5, text, ha="center", va="center", fontsize=7, clip_on=True
            )
    if rows:
        shown[-1].set(ylim=(0, len(rows)), yticks=[])
    shown[-1].set(xlim=(0, seconds), xlabel=SECONDS)
    return figure


def curves_figure(curves: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]) -> Figure:
    """Draw values over steps: a row for each name, a line for each of its labels.

    Args:
        curves: name → label → steps and values of equal lengths.
    """
    height = 1.6 * len(curves) + 0.8
    figure = empty_figure(8, height)
    figure.subplots_adjust(left=0.12, right=0.98, bottom=0.6 / height, top=1 - 0.2 / height)
    rows = figure.subplots(len(curves), sharex=True, squeeze=False)[:, 0]
    for axes, (name, lines) in zip(rows, curves.items(), strict=True):
        axes.set_prop_cycle(color=COLOURS)
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
    figure = empty_figure(3 * len(axes), 4.5, layout="constrained")
    grid = figure.subplots(2, len(axes), squeeze=False)
    for (name, (sizes, seconds, megabytes)), (above, below) in zip(axes.items(), grid.T, strict=True):
        above.plot(sizes, seconds, marker=".", linewidth=1)
        below.plot(sizes, megabytes, marker=".", linewidth=1)
        above.set(ylim=(0, None))
        below.set(ylim=(0, None), xlabel=name)
    grid[0, 0].set(ylabel="processor time (s)")
    grid[1, 0].set(ylabel="memory (MB)")
    return figure


def throughput_figure(networks: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> Figure:
    """Draw how many seconds of sound are made in a second, a column for each network, a line for each length.

    Args:
        networks: name → length of an item → (batch, seconds of sound a second) of each batch.
    """
    figure = empty_figure(4 * len(networks), 3, layout="constrained")
    grid = figure.subplots(1, len(networks), squeeze=False)[0]
    for (name, lengths), axes in zip(networks.items(), grid, strict=True):
        axes.set_prop_cycle(color=COLOURS)
        for length, points in lengths.items():
            axes.plot(*zip(*points, strict=True), marker=".", linewidth=1, label=length)
        axes.set_xscale("log", base=2)
        axes.set(ylim=(0, None), xlabel="batch", title=name)
        axes.legend()
    grid[0].set(ylabel="seconds of sound a second")
    return figure


def picture_uri(figure: Figure) -> str:
    """A figure as the data URI of a WebP picture."""
    canvas = _canvas(figure)
    canvas.draw()
    return _webp_uri(canvas)


def picture_uris(figure: Figure, values: Iterable[ArrayLike]) -> Iterator[str]:
    """A figure's picture for each of several matrices, which take the place of that which it was drawn of.

    Only the matrix is drawn anew.

    Args:
        figure: one that draws a matrix.
        values: of its shape.
    """
    canvas, axes = _canvas(figure), figure.axes[0]
    changing = [axes.images[0], *axes.spines.values()]
    for artist in changing:
        artist.set_visible(False)
    canvas.draw()
    around = canvas.copy_from_bbox(figure.bbox)
    for artist in changing:
        artist.set_visible(True)
    for matrix in values:
        canvas.restore_region(around)
        axes.images[0].set_data(np.asarray(matrix, dtype=np.float64))
        for artist in changing:
            axes.draw_artist(artist)
        yield _webp_uri(canvas)


def levels_uri(levels: NDArray[np.uint8]) -> str:
    """Levels (rows, columns), 0 to 255, as the data URI of a PNG picture in the colours of levels.

    It has a pixel for each and nothing around them, for pages that draw axes of their own.
    """
    with _matplotlib():
        from matplotlib import colormaps

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows, columns = levels.shape
    palette = colormaps[LEVELS](np.arange(256), bytes=True)[:, :3].astype(np.uint8)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)  # 8 bits that number colours
    lines = np.pad(levels, ((0, 0), (1, 0)))  # each line begins with its filter, none
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", palette.tobytes())
    content += chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)) + chunk(b"IEND", b"")
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _canvas(figure: Figure) -> FigureCanvasAgg:
    """Of a figure, as large as in a page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DOTS)
    assert isinstance(figure.canvas, FigureCanvasAgg)
    return figure.canvas


def _webp_uri(canvas: FigureCanvasAgg) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(file, "webp", quality=QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def save_figure(figure: Figure, path: Path | str) -> None:
    """Write a figure in the format that the suffix names (.png, .svg, .pdf); the folder is made.

    The same figure is the same SVG: it holds no date, and its names of elements are not drawn.
    """
    from matplotlib import rc_context

    place = Path(path)
    metadata = {"Date": None} if place.suffix == ".svg" else None
    with rc_context({"svg.hashsalt": place.stem}), replacing_file(place) as temporary:
        figure.savefig(temporary, dpi=120, metadata=metadata)
