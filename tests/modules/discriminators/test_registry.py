"""Every discriminator by its config: shapes, gradients, shortest input."""

from __future__ import annotations

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from hiervox.modules.discriminators import BUILDERS, AnyDiscriminator, build_discriminator

SMALL = {
    "multi_band": {"window_lengths": [64, 32], "channels": 2},
    "multi_period": {"periods": [2, 3], "channels": [2, 2]},
    "multi_resolution_magnitude": {"resolutions": [[64, 16, 48], [32, 8, 32]]},
    "multi_resolution_stft": {"window_lengths": [64, 32], "channels": 2, "hop_lengths": [16, 16]},
    "sub_band_cqt": {"channels": 2},
    "wavelet": {"width": 8},
}


@pytest.mark.parametrize("kind", sorted(BUILDERS))
def test_every_kind_hears_its_shortest_input_and_trains(kind: str) -> None:
    config = TypeAdapter(AnyDiscriminator).validate_python({"type": kind, **SMALL.get(kind, {})})
    network = build_discriminator(config)
    wav = torch.randn(2, 1, max(config.min_samples, 512), requires_grad=True)
    outputs = network(wav)
    assert all(output.logits.shape[0] == 2 and output.logits.ndim == 2 for output in outputs)
    torch.stack([output.logits.square().mean() for output in outputs]).sum().backward()
    assert wav.grad is not None and torch.isfinite(wav.grad).all() and wav.grad.abs().sum() > 0
    with torch.no_grad():
        network(torch.randn(1, 1, config.min_samples))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AnyDiscriminator).validate_python({"type": "multi_taste"})
