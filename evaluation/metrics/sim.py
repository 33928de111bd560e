"""Speaker similarity by Resemblyzer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Vector
from hiervox.evaluation.similarity import SAMPLE_RATE, SpeakerSimilarity, declare
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from resemblyzer import VoiceEncoder


class ResemblyzerSimilarity(SpeakerSimilarity):
    """Cosine of Resemblyzer's embeddings (SECS). Its weights come with the package."""

    name = "sim"
    measures = "similarity of the voice to the prompt's, and equal error rate, by Resemblyzer"
    paper = "GE2E, arXiv 1710.10467"
    columns = ("sim", "sim_r")
    vectors = ("sim_voice", "sim_prompt")
    figures: ClassVar[Mapping[str, Figure]] = declare("sim", "Resemblyzer")

    @property
    def settings(self) -> Mapping[str, str]:
        return {"speaker encoder": "Resemblyzer (GE2E), cosine"}

    def prepare(self) -> None:
        _ = self._encoder

    def models(self) -> Mapping[str, Path]:
        import resemblyzer

        return {"Resemblyzer": Path(resemblyzer.__file__).parent / "pretrained.pt"}

    @cached_property
    def _encoder(self) -> VoiceEncoder:
        try:
            from resemblyzer import VoiceEncoder
        except ImportError as error:
            # Resemblyzer asks for webrtcvad, which has to be compiled; the wheels are the same module
            raise DependencyError(
                f"Resemblyzer is not installed ({error})",
                "pip install webrtcvad-wheels && pip install --no-deps resemblyzer",
            ) from error
        return VoiceEncoder(self.context.device, verbose=False)

    def embed(self, wav: Waveform) -> Vector | None:
        """(256,). Resemblyzer's own preparation raises the level and cuts the pauses."""
        encoder = self._encoder
        from resemblyzer import preprocess_wav

        speech = preprocess_wav(wav, source_sr=SAMPLE_RATE)
        if not np.any(speech):
            return None
        embedding: Vector = encoder.embed_utterance(speech)
        return embedding
