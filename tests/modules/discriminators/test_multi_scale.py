"""Tests of `hiervox.modules.discriminators.multi_scale`."""

from __future__ import annotations

import torch
from torch.nn.utils.parametrizations import _SpectralNorm

from hiervox.modules.discriminators.multi_scale import MultiScaleDiscriminator, ScaleLayer
from tests.modules.discriminators.checks import check_outputs

TINY = (ScaleLayer(4, 15), ScaleLayer(8, 11, 2, 2), ScaleLayer(8, 5, 4, 4))


def test_shapes_and_gradients() -> None:
    shapes = check_outputs(MultiScaleDiscriminator(3, TINY), 3, 256)
    assert shapes[0] == [(2, 4, 256), (2, 8, 128), (2, 8, 32), (2, 1, 32)]
    assert shapes[1][0] == (2, 4, 129)  # average pooling with padding gives T / 2 + 1
    assert shapes[2][0] == (2, 4, 65)


def test_only_the_first_scale_is_spectrally_normalised() -> None:
    first, second = MultiScaleDiscriminator(2, TINY).discriminators
    assert sum(isinstance(module, _SpectralNorm) for module in first.modules()) == 4
    assert not any(isinstance(module, _SpectralNorm) for module in second.modules())


def test_default_layers_fit_together() -> None:
    with torch.device("meta"):
        outputs = MultiScaleDiscriminator()(torch.zeros(1, 1, 8192))
    assert [tuple(output.logits.shape) for output in outputs] == [(1, 128), (1, 65), (1, 33)]
