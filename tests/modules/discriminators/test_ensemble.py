"""Tests of `hiervox.modules.discriminators.ensemble`."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from hiervox.models.base.training.discriminators import DISCRIMINATORS
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble, depends_on_calls
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig, MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_stft import (
    MultiResolutionSTFTConfig,
    MultiResolutionSTFTDiscriminator,
)
from hiervox.modules.discriminators.multi_scale import MultiScaleConfig, MultiScaleDiscriminator
from hiervox.modules.losses.adversarial import discriminator_loss, discriminator_terms
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


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_recorded_and_generated_sound_in_one_batch_give_the_same_loss(name: str) -> None:
    torch.manual_seed(0)
    kind = DISCRIMINATORS[name]
    ensemble = DiscriminatorEnsemble({name: kind(kind.config_class())})
    samples = max(kind.config_class().min_samples, 2048)
    real, fake = 0.1 * torch.randn(1, 1, samples), 0.1 * torch.randn(2, 1, samples)
    with torch.no_grad():
        expected = discriminator_loss(deepcopy(ensemble)(real), deepcopy(ensemble).train()(fake))
        together = discriminator_terms(ensemble, real, fake)["discriminator"]
    torch.testing.assert_close(together, expected, rtol=1e-3 if depends_on_calls(ensemble) else 1e-5, atol=0)


def test_and_the_same_gradients() -> None:
    period = MultiPeriodDiscriminator(MultiPeriodConfig(periods=(2, 3), channels=(4, 4)))
    ensemble = DiscriminatorEnsemble({"period": period})
    apart = deepcopy(ensemble)
    real, fake = torch.randn(1, 1, 300), torch.randn(2, 1, 300)
    discriminator_terms(ensemble, real, fake)["discriminator"].backward()
    discriminator_loss(apart(real), apart(fake)).backward()
    for own, other in zip(ensemble.parameters(), apart.parameters(), strict=True):
        assert own.grad is not None and other.grad is not None
        torch.testing.assert_close(own.grad, other.grad)


def test_a_member_with_spectral_norm_is_called_for_each_batch() -> None:
    member = MultiScaleDiscriminator(MultiScaleConfig(spectral_first=True))
    assert depends_on_calls(member)
    ensemble = DiscriminatorEnsemble({"scale": member})
    apart = deepcopy(ensemble)
    real, fake = torch.randn(1, 1, 4096), torch.randn(1, 1, 4096)
    both = ensemble(torch.cat([real, fake]), (1, 1))
    for output, first, second in zip(both, apart(real), apart(fake), strict=True):
        assert torch.equal(output.logits, torch.cat([first.logits, second.logits]))
