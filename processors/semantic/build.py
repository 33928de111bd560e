"""From the config of a semantic feature extractor to its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hiervox.processors.semantic.config import SemanticConfig
from hiervox.processors.semantic.extractor import SemanticExtractor

if TYPE_CHECKING:
    import torch


def build_semantic_extractor(config: SemanticConfig, device: torch.device | str = "cpu") -> SemanticExtractor:
    """Load the network that `config` names.

    Raises:
        DependencyError: a package or the weights are not there.
        ConfigError: the network has no such layer, or the bottleneck is for another.
        CheckpointError: broken weights.
    """
    import torch

    extractor: SemanticExtractor
    if config.family == "whisper":
        from hiervox.processors.semantic.whisper import WhisperExtractor

        extractor = WhisperExtractor(config, torch.device(device))
    elif config.family == "hubert":
        from hiervox.processors.semantic.hubert import HubertExtractor

        extractor = HubertExtractor(config, torch.device(device))
    elif config.family == "mert":
        from hiervox.processors.semantic.hubert import MertExtractor

        extractor = MertExtractor(config, torch.device(device))
    else:
        from hiervox.processors.semantic.wav2vec2 import Wav2Vec2Extractor

        extractor = Wav2Vec2Extractor(config, torch.device(device))
    if config.bottleneck is None:
        return extractor
    from hiervox.processors.semantic.bottleneck import NarrowedExtractor

    return NarrowedExtractor(extractor, config.bottleneck)
