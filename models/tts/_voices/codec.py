"""Voices that are a codec's tokens of a prompt."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, load_weights
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.parts import no_speaker
from hiervox.models.base.pipelines.protocols import Codec, Codes, VoicedCodec
from hiervox.models.base.pipelines.voice import Voice
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.processors.pitch import PitchConfig
from hiervox.utils.errors import CheckpointError

CODES, TIMBRE = "codes", "timbre"


class CodecVoices:
    """Voices from prompts: the codes (Q, P), and the timbre (D,) of a codec whose codes leave it out.

    Args:
        folder: of the bundle.
        codec: whose codes a voice is made of.
        n_codebooks: of them.
    """

    speakers: tuple[str, ...] = ()
    pitch = PitchConfig()
    prompts_have_text = False

    def __init__(self, folder: Path, codec: Codec, n_codebooks: int) -> None:
        self.folder, self.codec, self.n_codebooks = folder, codec, n_codebooks

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the codec's weights: its codes are what a voice is made of."""
        weights = load_weights(find_part(self.folder, "codec").checkpoint / WEIGHTS_NAME)
        digest = hashlib.sha256()
        for name in sorted(weights):
            digest.update(name.encode())
            digest.update(weights[name].contiguous().numpy().tobytes())
        return digest.hexdigest()

    def speaker(self, name: str) -> dict[str, Tensor]:
        """Is refused: the networks know no speakers by name.

        Raises:
            ConfigError: always.
        """
        raise no_speaker(name)

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The codes of a prompt (T,) at 16 kHz, and its timbre where they leave it out."""
        if isinstance(self.codec, VoicedCodec):
            codes, timbre = self.codec.encode_voiced(recording, SAMPLE_RATE, self.n_codebooks)
            return {CODES: torch.from_numpy(codes), TIMBRE: torch.from_numpy(timbre)}
        return {CODES: torch.from_numpy(self.codec.encode(recording, SAMPLE_RATE, self.n_codebooks))}

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without the codes (Q, P) of a prompt.

        Raises:
            CheckpointError: such a voice.
        """
        codes, size = voice.tensors.get(CODES), self.codec.codebook_size
        fit = codes is not None and codes.dtype == torch.int64 and codes.ndim == 2 and codes.numel() > 0
        fit = fit and codes.shape[0] == self.n_codebooks and int(codes.min()) >= 0  # type: ignore[union-attr]
        fit = fit and int(codes.max()) < size  # type: ignore[union-attr]
        fit = fit and (not isinstance(self.codec, VoicedCodec) or TIMBRE in voice.tensors)
        if not fit:
            raise CheckpointError(f"{name} holds no codes of this model", "remove it and add the voice again")


def decode_codes(codec: Codec, codes: Codes, voice: Voice) -> Waveform:
    """Codes (Q, N) to (T,), in a voice's timbre where they leave that out."""
    if isinstance(codec, VoicedCodec):
        return codec.decode_voiced(codes, voice.tensors[TIMBRE].numpy())
    return codec.decode(codes)
