from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hiervox.utils.errors import DependencyError
from hiervox.utils.plots import (
    alignment_figure,
    levels_uri,
    matrix_figure,
    picture_uri,
    picture_uris,
    pitch_figure,
    save_figure,
    spectrogram_figure,
)


def test_a_spectrogram_is_drawn_with_low_frequencies_at_the_bottom(tmp_path: Path) -> None:
    mel = np.arange(12.0).reshape(3, 4)
    figure = spectrogram_figure(mel, "hello")
    axes = figure.axes[0]
    assert axes.get_title() == "hello"
    assert np.array_equal(axes.images[0].get_array(), mel)
    bottom, top = axes.get_ylim()
    assert bottom < top
    save_figure(figure, tmp_path / "plots" / "mel.png")
    assert (tmp_path / "plots" / "mel.png").read_bytes().startswith(b"\x89PNG")


def test_pitch_curves_leave_gaps_where_unvoiced() -> None:
    axes = pitch_figure({"source": [0.0, 100.0, 110.0], "converted": [0.0, 200.0]}, 0.01).axes[0]
    source, converted = axes.lines
    assert np.allclose(source.get_xdata(), [0, 0.01, 0.02])
    assert np.isnan(source.get_ydata()[0]) and source.get_ydata()[2] == 110
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["source", "converted"]
    assert len(converted.get_xdata()) == 2


def test_an_alignment_has_frames_to_the_right() -> None:
    alignment = np.zeros((5, 2))
    image = alignment_figure(alignment).axes[0].images[0].get_array()
    assert image is not None and image.shape == (2, 5)


def test_refuses_what_is_no_matrix() -> None:
    for draw in (spectrogram_figure, alignment_figure):
        with pytest.raises(ValueError, match="two axes"):
            draw(np.zeros(3))


def test_neither_import_nor_drawing_touches_pyplot() -> None:
    program = (
        "import sys, hiervox.utils.plots; assert 'matplotlib' not in sys.modules;"
        "hiervox.utils.plots.spectrogram_figure([[1.0]], ''); assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)


def test_levels_are_drawn_in_decibels_within_limits() -> None:
    figure = spectrogram_figure(np.ones((3, 4)), "", 0.01, [0, 10, 20], decibels=20, limits=(-60, 20))
    axes, bar = figure.axes
    assert axes.images[0].get_clim() == (-60, 20) and (axes.images[0].get_array() == 20).all()
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("seconds", "Hz", "level (dB)")
    signed = matrix_figure([[-1.0, 3.0]], 2.0, signed=True).axes[0].images[0]
    assert signed.get_clim() == (-3, 3) and signed.get_extent()[:2] == [0, 2]


def test_pictures_of_a_series_are_those_of_each_alone() -> None:
    values = np.random.default_rng(0).normal(size=(2, 20, 30))
    drawn = list(
        picture_uris(spectrogram_figure(values[0], limits=(-3, 3)), [values[0], values[1], values[0]])
    )
    assert drawn[0] == drawn[2] != drawn[1]
    for uri, own in zip(drawn[:2], values, strict=True):
        alone = picture_uri(spectrogram_figure(own, limits=(-3, 3)))
        apart = [
            np.asarray(Image.open(io.BytesIO(base64.b64decode(one.partition(",")[2]))), float)
            for one in (uri, alone)
        ]
        assert np.abs(apart[0] - apart[1]).mean() < 1


def test_without_matplotlib_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for draw in (lambda: pitch_figure({}), lambda: levels_uri(np.zeros((1, 1), np.uint8))):
        with pytest.raises(DependencyError, match=r"hiervox\[eval\]"):
            draw()
