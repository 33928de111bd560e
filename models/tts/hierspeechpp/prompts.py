"""What a voice is taken from, in training and in inference."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.base.data.batch import Batch
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.noise_reduction import reduce_noise
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


def style_spectrogram(recording: Tensor, experiment: SynthesizerExperiment) -> Tensor:
    """Log-mel (1, mel_channels, M) that the synthesizer's style comes from in inference.

    Args:
        recording: (1, T), a prompt at 16 kHz; its stationary noise is reduced with `model.clean_prompts`.
        experiment: of the synthesizer.
    """
    if experiment.model.clean_prompts:
        recording = torch.from_numpy(reduce_noise(recording[0].cpu().numpy()))[None].to(recording.device)
    return log_mel(recording, experiment.mel)


def prompt_style(
    network: HierarchicalSynthesizer,
    recording: Tensor,
    speaker: Tensor | None,
    experiment: SynthesizerExperiment,
    mean: Tensor | None = None,
) -> Tensor:
    """The synthesizer's style vector (1, S, 1) of a prompt in inference.

    Args:
        network: the synthesizer.
        recording: (1, T), the prompt at 16 kHz.
        speaker: (1, E), its embedding by `network.speaker`.
        experiment: of the synthesizer.
        mean: (1, S, 1), the style towards which `model.style_truncation` draws it: the truncation trick
            (StyleGAN, arXiv 1812.04948, appendix B). None leaves it as it is.
    """
    style = network.style(style_spectrogram(recording, experiment), speaker=speaker)
    return style if mean is None else torch.lerp(mean, style, experiment.model.style_truncation)
