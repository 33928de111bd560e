"""Tests of `hiervox.models.tts.vits.network`; agreement with the published code is a golden case."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.models.tts.vits.network import Vits
from hiervox.utils.errors import CheckpointError
from tests.models.tts.vits.tiny_vits import FOURIER_DECODER, HOP_LENGTH, tiny_vits

VOICES = ["none", "table", "reference"]
DETERMINISTIC = {"duration": {"kind": "deterministic", "filter_channels": 8}}


def _style(network: Vits, batch: int) -> Tensor | None:
    if network.config.voice == "none":
        return None
    if network.config.voice == "table":
        return network.table_style(torch.arange(batch) % 2)
    return network.reference_style(torch.randn(batch, 10, 20), torch.ones(batch, 1, 20))


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("more", [{}, DETERMINISTIC])
def test_a_training_pass_reaches_every_weight(voice: str, more: dict[str, Any]) -> None:
    network = tiny_vits(voice, **more).train()
    tokens = torch.randint(1, 178, (2, 7))
    source = {"none": None, "table": torch.tensor([0, 1]), "reference": torch.randn(2, 10, 30)}[voice]
    output = network(torch.rand(2, 33, 30), torch.tensor([30, 20]), tokens, torch.tensor([7, 5]), source)
    assert output.wav.shape == (2, 1, 4 * HOP_LENGTH)
    assert output.prior.alignment.sum((1, 2)).tolist() == [30, 20]
    terms = (output.wav, output.z_prior, output.prior.mean, output.prior.log_std, output.posterior_log_std)
    sum([term.square().sum() for term in terms], output.prior.duration_loss.sum()).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_the_decoder_may_end_in_an_inverse_stft() -> None:
    network = tiny_vits("table", decoder=FOURIER_DECODER | {"condition_channels": 6})
    z = torch.randn(1, 8, 40)
    ada, bob = (network.decode(z, network.table_style(torch.tensor([row]))) for row in (0, 1))
    assert ada.shape == (1, 1, 40 * HOP_LENGTH) and not torch.allclose(ada, bob)
    context = network.decoder.context
    changed = torch.cat([z[..., : 20 + context], 9 * torch.ones(1, 8, 20 - context)], dim=2)
    cut = network.decode(changed, network.table_style(torch.tensor([0])))
    torch.testing.assert_close(cut[..., : 20 * HOP_LENGTH], ada[..., : 20 * HOP_LENGTH])


@pytest.mark.parametrize("voice", VOICES)
def test_an_item_does_not_depend_on_its_batch(voice: str) -> None:
    network = tiny_vits(voice)
    tokens, lengths = torch.randint(1, 178, (2, 9)), torch.tensor([9, 6])
    style = _style(network, 2)
    generators = [torch.Generator().manual_seed(number) for number in range(2)]
    both = network.infer(tokens, lengths, style, generator=generators)
    alone = network.infer(
        tokens[1:, :6],
        lengths[1:],
        None if style is None else style[1:],
        generator=[torch.Generator().manual_seed(1)],
    )
    frames = int(alone.frame_lengths)
    assert both.frame_lengths[1] == frames
    torch.testing.assert_close(both.z[1:, :, :frames], alone.z, rtol=1e-3, atol=1e-5)
    assert both.durations[1, :6].sum() == frames


def test_length_scale_makes_speech_longer() -> None:
    network, tokens, lengths = tiny_vits(), torch.randint(1, 178, (1, 9)), torch.tensor([9])
    silent: dict[str, Any] = {"noise_scale": 0.0, "duration_noise_scale": 0.0}
    plain = network.infer(tokens, lengths, **silent)
    slow = network.infer(tokens, lengths, length_scale=3.0, **silent)
    assert slow.frame_lengths > plain.frame_lengths
    assert network.decode(plain.z).shape[-1] == plain.z.shape[2] * HOP_LENGTH


def test_conversion_to_the_same_voice_keeps_the_latent() -> None:
    network, spec, lengths = tiny_vits("table"), torch.rand(2, 33, 12), torch.tensor([12, 9])
    style = network.table_style(torch.tensor([0, 1]))
    mean, _ = network.posterior_encoder(spec[1:, :, :9], torch.ones(1, 1, 9), style[1:])
    kept = network.convert(spec, lengths, style, style)
    torch.testing.assert_close(kept[1:, :, :9], mean, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(network.convert(spec, lengths, style, style.flip(0)), kept)


def test_durations_beyond_speech_are_refused() -> None:
    network = tiny_vits(**DETERMINISTIC)
    torch.nn.init.constant_(network.duration_predictor.projection.bias, 9.0)
    with pytest.raises(CheckpointError, match="frames to a token"):
        network.infer(torch.ones(1, 4).long(), torch.tensor([4]))
