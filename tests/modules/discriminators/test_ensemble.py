"""Tests of `hiervox.modules.discriminators.ensemble`."""

from __future__ import annotations

import torch

from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig, MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_stft import (
    MultiResolutionSTFTConfig,
    MultiResolutionSTFTDiscriminator,
)
from tests.modules.discriminators.checks import check_outputs


def test_says_what_its_members_say_in_order() -> None:
    period = MultiPeriodDiscriminator(MultiPeriodConfig(periods=(2, 3), channels=(4, 4)))
    stft = MultiResolutionSTFTDiscriminator(MultiResolutionSTFTConfig(window_lengths=(64,), channels=2))
    ensemble = DiscriminatorEnsemble({"period": period, "stft": stft}, {"stft": 0.1})
    check_outputs(ensemble, 3, 300)
    wav = torch.randn(1, 1, 300)
    outputs = ensemble(wav)
    assert torch.equal(outputs[1].logits, period(wav)[1].logits)
    assert torch.equal(outputs[2].features[0], stft(wav)[0].features[0])
    assert [output.weight for output in outputs] == [1.0, 1.0, 0.1]
    assert next(iter(ensemble.state_dict())).startswith("members.period.")
