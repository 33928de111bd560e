"""Speaker similarity by ECAPA-TDNN."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from hiervox.evaluation.metric import Figure, Vector
from hiervox.evaluation.pretrained import load_state, pretrained_folder
from hiervox.evaluation.similarity import SpeakerSimilarity, declare
from hiervox.processors.audio import Waveform
from hiervox.utils.config import Config
from hiervox.utils.errors import DependencyError

WEIGHTS_NAME = "embedding_model.ckpt"
MEL_BANDS = 80


class EcapaSimilarity(SpeakerSimilarity):
    """Cosine of the embeddings of SpeechBrain's ECAPA-TDNN."""

    name = "sim_ecapa"
    measures = "similarity of the voice to the prompt's, and equal error rate, by ECAPA-TDNN"
    paper = "ECAPA-TDNN, arXiv 2005.07143"
    requires: ClassVar[Mapping[str, str]] = {"speechbrain": "speechbrain"}
    columns = ("sim_ecapa", "sim_ecapa_r")
    vectors = ("sim_ecapa_voice", "sim_ecapa_prompt")
    figures: ClassVar[Mapping[str, Figure]] = declare("sim_ecapa", "ECAPA")

    class Settings(Config):
        """
        Attributes:
            model: name on the Hub, or a folder with `embedding_model.ckpt`.
            dimensions: of an embedding.
        """

        model: str = "speechbrain/spkrec-ecapa-voxceleb"
        dimensions: int = 192

    @property
    def settings(self) -> Mapping[str, str]:
        return {"speaker encoder (ECAPA)": f"{self.config.model}, speechbrain, cosine"}

    def prepare(self) -> None:
        super().prepare()
        _ = self._network

    def models(self) -> Mapping[str, Path]:
        return {self.config.model: self._weights}

    @cached_property
    def _weights(self) -> Path:
        weights = pretrained_folder(self.config.model) / WEIGHTS_NAME
        if not weights.is_file():
            raise DependencyError(f"{self.config.model} has no {WEIGHTS_NAME}", "name another model")
        return weights

    @cached_property
    def _network(self) -> Any:
        from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

        network = ECAPA_TDNN(MEL_BANDS, lin_neurons=self.config.dimensions)
        load_state(network, self._weights)
        return network.to(self.context.device)

    def embed(self, wav: Waveform) -> Vector:
        """(192,) of log mel features less their mean over the recording, as SpeechBrain prepares them."""
        import torch
        from speechbrain.lobes.features import Fbank

        with torch.inference_mode():
            features = Fbank(n_mels=MEL_BANDS)(torch.from_numpy(wav)[None])
            features = (features - features.mean(dim=1, keepdim=True)).to(self.context.device)
            found: Vector = self._network(features)[0, 0].cpu().numpy()
        return found
