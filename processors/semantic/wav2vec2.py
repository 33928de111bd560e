"""Semantic features of wav2vec 2.0 and its kin (MMS, XLS-R, HuBERT), as HierSpeech++ extracts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor, nn

from hiervox.processors.semantic.config import OFFLINE_WHISPER, SemanticConfig
from hiervox.processors.semantic.extractor import SemanticExtractor
from hiervox.processors.semantic.hub import load_pretrained
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from transformers import HubertModel, Wav2Vec2Model

PADDING = 40
"""Samples of reflection on each side. The convolutions see 400 samples and hop 320, so that T / 320 frames
come of T samples, each centred on its 320 (HierSpeech++, published code)."""
INSTEAD = f"name a local folder, or use family whisper with name {OFFLINE_WHISPER}"
NetworkT = TypeVar("NetworkT", bound="Wav2Vec2Model | HubertModel")


class Wav2Vec2Extractor(SemanticExtractor):
    """One hidden state of a wav2vec 2.0 network; layers above it are not kept.

    The waveform enters as it is, without the zero mean and unit variance that these networks were trained
    with: so were the published features made.

    Args:
        config: which network and layer.
        device: where to run.

    Raises:
        DependencyError: the weights are not there.
        ConfigError: the network has no such layer.
    """

    def __init__(self, config: SemanticConfig, device: torch.device) -> None:
        network = self._load(config)
        self._network = keep_layers(network, config.layer)
        network.requires_grad_(False)
        nn.Module.to(network, device)  # transformers' own `to` is typed for no device
        super().__init__(config, network.config.hidden_size, device)

    def _load(self, config: SemanticConfig) -> Wav2Vec2Model | HubertModel:
        from transformers import Wav2Vec2Model

        return load_pretrained(Wav2Vec2Model, config.name, INSTEAD)

    def _extract(self, wav: Tensor) -> Tensor:
        return self._hidden(wav).transpose(1, 2)

    def _hidden(self, wav: Tensor) -> Tensor:
        """(B, T) at the network's rate to (B, T / 320, hidden)."""
        padded = nn.functional.pad(wav, (PADDING, PADDING), "reflect")
        hidden: Tensor = self._network(padded).last_hidden_state
        return hidden


def keep_layers(network: NetworkT, layer: int) -> NetworkT:
    """Cut the encoder so that its output is hidden state number `layer` of the whole one. In place.

    Raises:
        ConfigError: the network has fewer layers.
    """
    count = len(network.encoder.layers)
    if layer > count:
        raise ConfigError(f"layer {layer} of a network of {count} layers", f"choose one of 0 to {count}")
    network.encoder.layers = network.encoder.layers[:layer]
    if network.config.do_stable_layer_norm and layer < count:
        # this kind normalises after the last layer only; the other kind does it before the first
        network.encoder.layer_norm = nn.Identity()
    network.adapter = None
    return network
