"""The options of the synthesizer at a tiny size."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from tests.models.tts.hierspeechpp.lite.tiny import lite_synthesizer
from tests.models.tts.hierspeechpp.networks.test_synthesizer import inputs  # noqa: F401
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER


@torch.no_grad()
def test_without_options_it_is_the_published_one(inputs: dict[str, Any]) -> None:  # noqa: F811
    torch.manual_seed(0)
    published, lite = HierarchicalSynthesizer(TINY_SYNTHESIZER), LiteSynthesizer(lite_synthesizer())
    lite.load_state_dict(published.state_dict())
    sounds, spoken = [], []
    for network in (published, lite):
        torch.manual_seed(1)
        sounds.append(network(**inputs, semantic_perturbed=inputs["semantic"]).wav)
        network.eval()
        style = network.style(*inputs["prompt"])
        spoken.append(network.infer(inputs["semantic"], inputs["log_f0"], style, inputs["mask"], 0.0))
    assert torch.equal(*sounds) and torch.equal(*spoken)


@torch.no_grad()
def test_spoken_items_take_the_way_of_inference(inputs: dict[str, Any]) -> None:  # noqa: F811
    """Where all items are spoken in training, what is recorded does not change their sound."""
    torch.manual_seed(0)
    config = lite_synthesizer(prior_sampling_ratio=1.0, unconditional_ratio=0.0)
    network = LiteSynthesizer(config).train()
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0

    def sound(wav: torch.Tensor, semantic_perturbed: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        given = {**inputs, "wav": wav, "semantic_perturbed": semantic_perturbed}
        return network(**given).wav

    semantic = inputs["semantic"]
    torch.testing.assert_close(sound(inputs["wav"] + 1, semantic), sound(inputs["wav"], semantic))
    assert not torch.allclose(sound(inputs["wav"], semantic + 1), sound(inputs["wav"], semantic))


@torch.no_grad()
def test_prior_temperature_is_a_factor_of_the_noise_scale(inputs: dict[str, Any]) -> None:  # noqa: F811
    torch.manual_seed(0)
    network = LiteSynthesizer(lite_synthesizer()).eval()
    style, mask = network.style(*inputs["prompt"]), inputs["mask"]

    def latent(temperature: float, noise_scale: float) -> torch.Tensor:
        network.config = lite_synthesizer(prior_temperature=temperature)
        noise = torch.Generator().manual_seed(1)
        return network.latent(inputs["semantic"], inputs["log_f0"], style, mask, noise_scale, noise)

    torch.testing.assert_close(latent(0.5, 0.6), latent(1.0, 0.3))
    assert not torch.allclose(latent(0.5, 0.6), latent(1.0, 0.6))
