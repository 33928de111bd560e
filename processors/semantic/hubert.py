"""Semantic features of HuBERT and its kin: ContentVec, which tells little of speakers, and MERT, of music."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import HubertConfig, HubertModel

from hiervox.processors.audio import HOP_LENGTH, SAMPLE_RATE, resample_tensor
from hiervox.processors.semantic.config import SemanticConfig
from hiervox.processors.semantic.hub import load_pretrained
from hiervox.processors.semantic.wav2vec2 import INSTEAD, Wav2Vec2Extractor
from hiervox.utils.errors import ConfigError

MERT_RATE = 24_000
MERT_SWITCHES = ("feature_extractor_cqt", "deepnorm")
"""Of MERT's config: with one of them the network is no HuBERT. MERT-v1-95M and MERT-v1-330M have none."""
VARIANCE_FLOOR = 1e-7
"""As transformers' feature extractor normalises."""
PROJECTION = "final_proj"


class ProjectedHubert(HubertModel):
    """HuBERT with the projection that its pretraining compared with the targets."""

    def __init__(self, config: HubertConfig) -> None:
        super().__init__(config)
        self.final_proj = nn.Linear(config.hidden_size, config.classifier_proj_size)


class HubertExtractor(Wav2Vec2Extractor):
    """One hidden state of a HuBERT (arXiv 2106.07447) or ContentVec (arXiv 2204.09224), maybe projected.

    Systems of singing voice conversion were published with ContentVec's last state behind `final_proj`, 256
    channels; others take its 768 channels.

    Args:
        config: which network and layer, and whether the projection follows.
        device: where to run.

    Raises:
        DependencyError: the weights, or those of the projection, are not there.
        ConfigError: the network has no such layer.
    """

    def __init__(self, config: SemanticConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self._projection: nn.Module = nn.Identity()
        if config.projected:
            self._projection = self._network.get_submodule(PROJECTION)
            self.channels = self._network.config.classifier_proj_size

    def _load(self, config: SemanticConfig) -> HubertModel:
        if config.projected:
            return load_pretrained(ProjectedHubert, config.name, INSTEAD, needed=PROJECTION)
        return load_pretrained(HubertModel, config.name, INSTEAD)

    def _extract(self, wav: Tensor) -> Tensor:
        projected: Tensor = self._projection(self._hidden(wav))
        return projected.transpose(1, 2)


class MertExtractor(HubertExtractor):
    """One hidden state of MERT (arXiv 2306.00107), a HuBERT of music at 24 kHz, with 75 vectors a second.

    The waveform is brought from 16 to 24 kHz, so that what lies above 8 kHz is not heard, and to zero mean
    and unit variance; vectors are interpolated to 50 a second.

    Raises:
        ConfigError: moreover, a MERT that is no HuBERT: with a constant-Q transform or deep norm.
    """

    def _load(self, config: SemanticConfig) -> HubertModel:
        network = super()._load(config)
        for switch in MERT_SWITCHES:
            if getattr(network.config, switch, False):
                raise ConfigError(
                    f"{config.name} is a MERT with {switch}", "take one without, such as m-a-p/MERT-v1-330M"
                )
        return network

    def _extract(self, wav: Tensor) -> Tensor:
        rows = wav.shape[1] // HOP_LENGTH
        deviation = (wav.var(dim=1, unbiased=False, keepdim=True) + VARIANCE_FLOOR).sqrt()
        normal = (wav - wav.mean(dim=1, keepdim=True)) / deviation
        even = nn.functional.pad(normal, (0, rows % 2 * HOP_LENGTH))  # three vectors for two rows
        vectors = super()._extract(resample_tensor(even, SAMPLE_RATE, MERT_RATE))
        return nn.functional.interpolate(vectors, size=rows + rows % 2, mode="linear")[..., :rows]
