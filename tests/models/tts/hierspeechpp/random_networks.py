"""Networks of the published sizes with random weights, and voices for them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.modules.normalization.weight_norm import remove_weight_norm

RANDOM = "random"


def random_networks() -> Networks:
    """The published sizes, no branch at its zero start."""
    torch.manual_seed(0)
    # without data or an output folder: nothing is trained
    synthesizer, text_to_vec = SynthesizerExperiment.model_construct(), TextToVecExperiment.model_construct()
    networks = Networks(Path(RANDOM), synthesizer, text_to_vec, torch.device("cpu"))
    networks.synthesizer = HierarchicalSynthesizer(synthesizer.model)
    networks.text_to_vec = TextToVec(text_to_vec.model)
    networks.fingerprint = RANDOM
    for network in (networks.synthesizer, networks.text_to_vec):
        network.eval()
        remove_weight_norm(network)
        for parameter in network.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, 0.0, 0.02)
    return networks


def random_voice(networks: Networks, seed: int) -> Voice:
    """Styles that no prompt has."""
    noise = torch.Generator().manual_seed(seed)
    sizes = [networks.text_to_vec.config.style_channels, networks.synthesizer.config.style_channels]
    styles = [torch.randn(size, 1, generator=noise) for size in sizes]
    return Voice({"text_to_vec": styles[0], "synthesizer": styles[1]}, networks.fingerprint)
