"""The hierarchical synthesizer at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from hiervox.models.tts._hierarchy.config import SynthesizerConfig
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER

LENGTHS = torch.tensor([14, 9])


@pytest.fixture
def network() -> HierarchicalSynthesizer:
    """With weights that leave no branch at its zero start."""
    torch.manual_seed(0)
    network = HierarchicalSynthesizer(TINY_SYNTHESIZER).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


@pytest.fixture
def inputs() -> dict[str, Any]:
    """Two utterances; the second is padded with what must not be heard."""
    torch.manual_seed(1)
    frames = int(LENGTHS.max())
    return {
        "wav": torch.randn(2, 1, 320 * frames),
        "linear_spec": torch.rand(2, 641, frames),
        "prompt": (torch.randn(2, 80, frames), sequence_mask(LENGTHS)),
        "semantic": torch.randn(2, 6, frames),
        "log_f0": 5 * torch.rand(2, 1, 4 * frames),
        "mask": sequence_mask(LENGTHS),
    }


def test_full_size_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        network = HierarchicalSynthesizer(SynthesizerConfig())
    published = 97_022_048  # the authors' spec has no null style
    assert sum(p.numel() for p in network.parameters()) == published + network.null_style.numel()


@torch.no_grad()
def test_padding_does_not_change_style_or_speech(
    network: HierarchicalSynthesizer, inputs: dict[str, Any]
) -> None:
    style = network.style(*inputs["prompt"])
    spoken = network.infer(inputs["semantic"], inputs["log_f0"], style, inputs["mask"], noise_scale=0.0)
    for item, frames in enumerate(LENGTHS.tolist()):
        alone = slice(item, item + 1)
        own_style = network.style(inputs["prompt"][0][alone, :, :frames])
        torch.testing.assert_close(style[alone], own_style)
        own_spoken = network.infer(
            inputs["semantic"][alone, :, :frames],
            inputs["log_f0"][alone, :, : 4 * frames],
            own_style,
            noise_scale=0.0,
        )
        torch.testing.assert_close(spoken[alone, :, : 320 * frames], own_spoken, atol=1e-5, rtol=1e-4)
        assert not spoken[item, :, 320 * frames :].any()
        assert own_spoken.std() > 0


@torch.no_grad()
def test_noise_follows_the_generator_and_its_scale(
    network: HierarchicalSynthesizer, inputs: dict[str, Any]
) -> None:
    style = network.style(*inputs["prompt"])

    def speak(seed: int, noise_scale: float = 0.667) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return network.infer(
            inputs["semantic"], inputs["log_f0"], style, noise_scale=noise_scale, generator=generator
        )

    torch.testing.assert_close(speak(3), speak(3))
    assert not torch.allclose(speak(3), speak(4))
    torch.testing.assert_close(speak(3, 0.0), speak(4, 0.0))


def test_training_pass_has_the_declared_shapes_and_reaches_every_parameter(
    network: HierarchicalSynthesizer, inputs: dict[str, Any]
) -> None:
    network.train()
    network.config = network.config.model_copy(update={"unconditional_ratio": 0.5})
    torch.manual_seed(2)
    output = network(**inputs, semantic_perturbed=inputs["semantic"] + 0.1)
    frames = int(LENGTHS.max())
    assert output.semantic is not None and output.acoustic.lower is output.semantic.upper
    drawn = (output.semantic.lower, output.semantic.upper, output.acoustic.upper)
    for latent in drawn:
        assert latent.mean.shape == latent.log_std.shape == latent.z.shape == (2, 8, frames)
        assert not latent.z[1, :, LENGTHS[1] :].any()
    assert output.wav.shape == (2, 1, 3200)
    assert output.log_f0.shape == (2, 1, 40)
    assert output.prosody_mel.shape == (2, 20, frames)
    assert output.slice_mask.sum(dim=2).flatten().tolist() == [10, 9]
    assert ((output.slice_starts + 10 <= LENGTHS) | (output.slice_starts == 0)).all()

    tensors = [value for value in vars(output).values() if torch.is_tensor(value) and value.requires_grad]
    for neighbours in (output.semantic, output.acoustic):
        tensors += [neighbours.upper_as_lower, neighbours.lower_as_upper]
    latents = [latent.log_std for latent in drawn]
    sum(tensor.square().sum() for tensor in (*tensors, *latents)).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_null_style_replaces_the_generators_style_only(
    network: HierarchicalSynthesizer, inputs: dict[str, Any], ratio: float
) -> None:
    network.train()
    network.config = network.config.model_copy(update={"unconditional_ratio": ratio})
    output = network(**inputs, semantic_perturbed=inputs["semantic"])
    (gradient,) = torch.autograd.grad(output.wav.sum(), network.null_style, allow_unused=True)
    assert bool(gradient.any()) == bool(ratio)
    (gradient,) = torch.autograd.grad(
        output.prosody_mel.sum(), network.style_encoder.projection.bias, retain_graph=True
    )
    assert gradient.any()


@torch.no_grad()
def test_baked_weight_norm_speaks_the_same(network: HierarchicalSynthesizer, inputs: dict[str, Any]) -> None:
    style = network.style(inputs["prompt"][0])
    before = network.infer(inputs["semantic"], inputs["log_f0"], style, noise_scale=0.0)
    remove_weight_norm(network)
    assert not any(nn.utils.parametrize.is_parametrized(module) for module in network.modules())
    after = network.infer(inputs["semantic"], inputs["log_f0"], style, noise_scale=0.0)
    torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-4)
