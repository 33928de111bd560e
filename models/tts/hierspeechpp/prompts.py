"""What a voice is taken from in training."""

from __future__ import annotations

from torch import Tensor

from hiervox.models.base.training.task import Batch
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel


def prompt_spectrogram(
    batch: Batch, mel: Tensor, mask: Tensor, config: SpectrogramConfig
) -> tuple[Tensor, Tensor]:
    """Log-mel (B, mel_channels, M) that the style comes from, and its mask (B, 1, M).

    Args:
        batch: with prompts, where `features.prompt` asks for them.
        mel: (B, mel_channels, N), of the recordings; the prompts, where there are no others.
        mask: (B, 1, N), of `mel`.
        config: of `mel`.
    """
    if "prompt" not in batch:
        return mel, mask
    prompt_mel = log_mel(batch["prompt"], config)
    return prompt_mel, sequence_mask(batch["prompt_lengths"] // config.hop_length, prompt_mel.shape[-1])


def prompt_recordings(batch: Batch, hop_length: int) -> tuple[Tensor, Tensor]:
    """Prompts (B, T), or the recordings, where there are no others; and their lengths (B,) in samples."""
    if "prompt" in batch:
        return batch["prompt"], batch["prompt_lengths"]
    return batch["wav"], hop_length * batch["frames"]
