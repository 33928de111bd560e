"""Tests of `hiervox.modules.generators.hifigan`."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from hiervox.modules.generators.hifigan import HiFiGANGenerator, HiFiGANSizes

SMALL: dict[str, Any] = {
    "in_channels": 4,
    "initial_channels": 8,
    "rates": (4, 2),
    "kernel_sizes": (8, 4),
    "block_kernel_sizes": (3, 5),
    "block_dilations": ((1, 3), (1, 3)),
}
KINDS: list[dict[str, Any]] = [
    {},
    {"paired_blocks": False},
    {"activation": "alias_free_snake", "output": "clamp", "output_bias": False},
    {"rates": (3, 2), "kernel_sizes": (6, 5), "edge_weight_norm": False},
]


@pytest.mark.parametrize("kind", KINDS)
def test_waveform_has_a_hop_for_each_frame_and_stays_in_range(kind: dict[str, Any]) -> None:
    sizes = HiFiGANSizes(**{**SMALL, **kind})
    wav = HiFiGANGenerator(sizes)(100 * torch.randn(2, 4, 9))
    assert wav.shape == (2, 1, 9 * sizes.hop_length)
    assert wav.abs().max() <= 1


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_context_is_as_far_as_an_input_frame_reaches(kind: dict[str, Any]) -> None:
    generator = HiFiGANGenerator(HiFiGANSizes(**{**SMALL, **kind})).double().eval()
    x = torch.randn(1, 4, 81, dtype=torch.double)
    y = x.clone()
    y[..., 40] += 1
    changed = (generator(x) != generator(y))[0, 0].nonzero().flatten()
    hop = generator.sizes.hop_length
    first, last = int(changed[0]) // hop, int(changed[-1]) // hop
    assert 40 - generator.context <= first < 40 < last <= 40 + generator.context


@torch.no_grad()
def test_a_condition_and_additions_change_the_output() -> None:
    generator = HiFiGANGenerator(HiFiGANSizes(**SMALL, condition_channels=3)).eval()
    x = torch.randn(1, 4, 5)
    plain = generator(x)
    assert not torch.equal(generator(x, torch.randn(1, 3, 1)), plain)
    assert not torch.equal(generator(x, additions=(None, torch.randn(1, 2, 40))), plain)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kernel_sizes": (8,)},
        {"block_dilations": ((1, 3),)},
        {"block_kernel_sizes": (3, 4)},
        {"initial_channels": 6},
    ],
)
def test_sizes_that_do_not_fit_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HiFiGANSizes(**{**SMALL, **wrong})
