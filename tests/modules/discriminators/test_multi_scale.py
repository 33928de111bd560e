"""Tests of `hiervox.modules.discriminators.multi_scale`."""

from __future__ import annotations

import pytest
import torch
from torch.nn.utils.parametrizations import _SpectralNorm

from hiervox.modules.discriminators.multi_scale import (
    PRESETS,
    MultiScaleConfig,
    MultiScaleDiscriminator,
    ScaleLayer,
)
from tests.modules.discriminators.checks import check_outputs

TINY = (ScaleLayer(4, 15), ScaleLayer(8, 11, 2, 2), ScaleLayer(8, 5, 4, 4))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "hifigan", TINY)


@pytest.mark.usefixtures("tiny")
def test_shapes_and_gradients() -> None:
    shapes = check_outputs(MultiScaleDiscriminator(MultiScaleConfig()), 3, 256)
    assert shapes[0] == [(2, 4, 256), (2, 8, 128), (2, 8, 32), (2, 1, 32)]
    assert shapes[1][0] == (2, 4, 129)  # average pooling with padding gives T / 2 + 1
    assert shapes[2][0] == (2, 4, 65)


@pytest.mark.usefixtures("tiny")
def test_only_the_first_scale_is_spectrally_normalised() -> None:
    first, second = MultiScaleDiscriminator(MultiScaleConfig(n_scales=2)).discriminators
    assert sum(isinstance(module, _SpectralNorm) for module in first.modules()) == 4
    assert not any(isinstance(module, _SpectralNorm) for module in second.modules())


def test_default_layers_fit_together() -> None:
    with torch.device("meta"):
        outputs = MultiScaleDiscriminator(MultiScaleConfig())(torch.zeros(1, 1, 8192))
    assert [tuple(output.logits.shape) for output in outputs] == [(1, 128), (1, 65), (1, 33)]
