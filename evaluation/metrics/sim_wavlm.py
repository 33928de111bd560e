"""Speaker similarity by WavLM."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hiervox.evaluation.metric import Figure, Vector
from hiervox.evaluation.pretrained import load_transformer
from hiervox.evaluation.similarity import SpeakerSimilarity, declare
from hiervox.processors.audio import Waveform
from hiervox.utils.config import Config

if TYPE_CHECKING:
    from transformers import WavLMForXVector


class WavLMSimilarity(SpeakerSimilarity):
    """Cosine of the x-vectors of a WavLM trained for speaker verification, on transformers."""

    name = "sim_wavlm"
    measures = "similarity of the voice to the prompt's, and equal error rate, by WavLM"
    paper = "WavLM, arXiv 2110.13900"
    columns = ("sim_wavlm", "sim_wavlm_r")
    vectors = ("sim_wavlm_voice", "sim_wavlm_prompt")
    figures: ClassVar[Mapping[str, Figure]] = declare("sim_wavlm", "WavLM")

    class Settings(Config):
        """
        Attributes:
            model: name on the Hub, or a folder that transformers reads.
        """

        model: str = "microsoft/wavlm-base-plus-sv"

    @property
    def settings(self) -> Mapping[str, str]:
        return {"speaker encoder (WavLM)": f"{self.config.model}, transformers, cosine"}

    def prepare(self) -> None:
        _ = self._network

    def models(self) -> Mapping[str, Path]:
        return {self.config.model: self._network[1]}

    @cached_property
    def _network(self) -> tuple[WavLMForXVector, Path]:
        network, folder = load_transformer("WavLMForXVector", self.config.model)
        return network.to(self.context.device), folder

    def embed(self, wav: Waveform) -> Vector:
        """(512,) in the published model. WavLM base takes waveforms of mean 0 and deviation 1."""
        import torch

        network, _ = self._network
        sound = torch.from_numpy((wav - wav.mean()) / max(float(wav.std()), 1e-7))[None]
        with torch.inference_mode():
            found: Vector = network(sound.to(self.context.device)).embeddings[0].cpu().numpy()
        return found
