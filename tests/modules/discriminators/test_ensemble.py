"""Tests of `hiervox.modules.discriminators.ensemble`."""

from __future__ import annotations

import torch

from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.discriminators.multi_period import MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTDiscriminator
from tests.modules.discriminators.checks import check_judgement


def test_says_what_its_members_say_in_order() -> None:
    period = MultiPeriodDiscriminator((2, 3), (4, 4))
    stft = MultiResolutionSTFTDiscriminator((64,), 2)
    ensemble = DiscriminatorEnsemble({"period": period, "stft": stft})
    check_judgement(ensemble, 3, 300)
    wav = torch.randn(1, 1, 300)
    logits, features = ensemble(wav)
    assert torch.equal(logits[1], period(wav)[0][1])
    assert torch.equal(features[2][0], stft(wav)[1][0][0])
    assert next(iter(ensemble.state_dict())).startswith("members.period.")
