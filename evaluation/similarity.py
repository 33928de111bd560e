"""Likeness of two voices: cosine of Resemblyzer's speaker embeddings (SECS)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from hiervox.evaluation.metric import Figure, Metric, Scores
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from resemblyzer import VoiceEncoder

Embedding = NDArray[np.float32]

SAMPLE_RATE = 16000  # Resemblyzer's
LEAST_SAMPLES = SAMPLE_RATE * 3 // 10  # under 0.3 s Resemblyzer's voice detection has no window to look at
CACHED_VOICES = 256  # prompts come again and again; an embedding is 1 KiB


class SpeakerEncoder:
    """Resemblyzer's encoder (GE2E, arXiv 1710.10467), which loads when it is first used."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.embed_file = lru_cache(maxsize=CACHED_VOICES)(self._embed_file)

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
        return VoiceEncoder(self.device, verbose=False)

    def embed(self, wav: Waveform) -> Embedding | None:
        """The voice of `wav` (T,), 16 kHz: (256,) of length 1, or None where no speech is found.

        Level and pauses do not count: Resemblyzer's own preparation raises the one and cuts the other.
        """
        encoder = self._encoder
        from resemblyzer import preprocess_wav

        if len(wav) < LEAST_SAMPLES or not np.any(wav):
            return None
        speech = preprocess_wav(wav, source_sr=SAMPLE_RATE)
        if not np.any(speech):
            return None
        embedding: Embedding = encoder.embed_utterance(speech)
        return embedding

    def _embed_file(self, path: Path) -> Embedding | None:
        wav, _ = read_audio(path, SAMPLE_RATE)
        return self.embed(wav)


class SpeakerSimilarity(Metric):
    """Cosine between the voices of the recording and of the prompt."""

    columns = ("sim",)
    figures: ClassVar[Mapping[str, Figure]] = {"sim": Figure("SIM", "higher")}

    def __init__(self, encoder: SpeakerEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    @property
    def settings(self) -> Mapping[str, str]:
        return {"speaker encoder": "Resemblyzer (GE2E), cosine"}

    def score(self, utterance: Utterance) -> Scores | None:
        if utterance.prompt is None:
            return None
        voice = self.encoder.embed_file(utterance.audio)
        prompt = self.encoder.embed_file(utterance.prompt)
        if voice is None or prompt is None:
            return None
        return {"sim": float(np.dot(voice, prompt))}
