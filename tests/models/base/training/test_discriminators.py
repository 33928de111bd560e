"""Every discriminator by its config: shapes, gradients, shortest input."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from hiervox.models.base.training.discriminators import DISCRIMINATORS, AnyDiscriminator, build_discriminator
from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.stack import DiscriminatorOutput

SMALL = {
    "multi_band": {"window_lengths": [64, 32], "channels": 2},
    "multi_period": {"periods": [2, 3], "channels": [2, 2]},
    "multi_resolution_magnitude": {"resolutions": [[64, 16, 48], [32, 8, 32]]},
    "multi_resolution_stft": {"window_lengths": [64, 32], "channels": 2, "hop_lengths": [16, 16]},
    "sub_band_cqt": {"channels": 2},
    "wavelet": {"width": 8},
}


@pytest.mark.parametrize("kind", sorted(DISCRIMINATORS))
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


class _OneTapConfig(DiscriminatorConfig):
    type: Literal["one_tap"] = "one_tap"


class _OneTap(Discriminator):
    config_class = _OneTapConfig

    def __init__(self, config: _OneTapConfig) -> None:
        super().__init__(config)
        self.tap = nn.Conv1d(1, 1, 1)

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        return [DiscriminatorOutput(self.tap(wav).flatten(1), [])]


def test_one_that_is_added_later_is_found() -> None:
    adapter: TypeAdapter[DiscriminatorConfig] = TypeAdapter(AnyDiscriminator)
    with pytest.raises(ValidationError, match="one_tap"):
        adapter.validate_python({"type": "one_tap"})
    DISCRIMINATORS.add(_OneTap)
    try:
        config = adapter.validate_python({"type": "one_tap", "weight": 2})
        assert isinstance(build_discriminator(config), _OneTap)
        assert adapter.dump_python(config) == {"type": "one_tap", "weight": 2.0}
        assert set(adapter.json_schema()["discriminator"]["mapping"]) == set(DISCRIMINATORS)
    finally:
        DISCRIMINATORS.remove("one_tap")
