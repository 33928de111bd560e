"""What is taken from recordings: from prompts, in training and in inference, and from sources."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.pipelines.pitch_transfer import track_pitch
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.audio import Waveform
from hiervox.processors.noise_reduction import reduce_noise
from hiervox.processors.pitch import F0Contour
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


def prompt_style(
    network: LiteSynthesizer,
    recording: Tensor,
    speaker: Tensor | None,
    experiment: LiteSynthesizerExperiment,
    mean: Tensor | None = None,
) -> Tensor:
    """The synthesizer's style vector (1, S, 1) of a prompt in inference.

    Args:
        network: the synthesizer.
        recording: (1, T), the prompt at 16 kHz; its stationary noise is reduced with `model.clean_prompts`.
        speaker: (1, E), its embedding by `network.speaker`.
        experiment: of the synthesizer.
        mean: (1, S, 1), the style towards which `model.style_truncation` draws it: the truncation trick
            (StyleGAN, arXiv 1812.04948, appendix B). None leaves it as it is.
    """
    if experiment.model.clean_prompts:
        recording = torch.from_numpy(reduce_noise(recording[0].cpu().numpy()))[None].to(recording.device)
    style = network.style(log_mel(recording, experiment.mel), speaker=speaker)
    return style if mean is None else torch.lerp(mean, style, experiment.model.style_truncation)


def source_pitch(wav: Waveform, experiment: LiteSynthesizerExperiment) -> F0Contour:
    """F0 of what is converted: (T,) at 16 kHz to (T / 80,) in Hz.

    Args:
        wav: its stationary noise is reduced with `model.clean_sources`.
        experiment: says how F0 is tracked.
    """
    if experiment.model.clean_sources:
        wav = reduce_noise(wav)
    return track_pitch(wav, experiment.features.pitch, "the source")
