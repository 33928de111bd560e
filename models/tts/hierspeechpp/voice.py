"""A voice: what the networks take from prompt recordings, kept apart from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pitch_transfer import PitchStatistics, track_pitch
from hiervox.models.tts.hierspeechpp.prompt import prepare_prompt, replicate_prompt
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Enhancement


@dataclass(frozen=True)
class Voice:
    """Whom to speak like.

    Attributes:
        text_to_vec_style: (S, 1) on the CPU; None where the voice reads no texts.
        synthesizer_style: (S', 1) on the CPU.
        pitch: of the prompt; None where it has no voiced frame.
        peak: of the prompt, full scale at 1.
        model: fingerprint of the networks whose styles these are (`Networks.fingerprint`).
    """

    text_to_vec_style: Tensor | None
    synthesizer_style: Tensor
    pitch: PitchStatistics | None
    peak: float
    model: str


@torch.inference_mode()
def make_voice(
    networks: Networks,
    wav: Waveform,
    rate: int,
    *,
    denoise_ratio: float = 0.0,
    denoiser: Enhancement | None = None,
    replicate: bool = False,
    for_text: bool = True,
    name: str = "the prompt",
) -> Voice:
    """Take a voice from a recording.

    Args:
        networks: whose style encoders look at it.
        wav: (T,); what is over `prompt.MOST_SECONDS` is not looked at, and a logged line says so.
        rate: of `wav`, Hz.
        denoise_ratio: r of (1 - r) · style of the recording + r · style of it denoised, as published.
        denoiser: needed for any ratio over 0.
        replicate: repeat a short prompt (style prompt replication, section 4.3; see `replicate_prompt`).
        for_text: whether it will read texts; conversion needs no text-to-vec, which is then not loaded.
        name: what the recording is called in errors.

    Raises:
        AudioError: it is not finite, too short, or silent.
        ConfigError: a ratio outside of 0 to 1, or one over 0 without a denoiser.
    """
    if not 0 <= denoise_ratio <= 1:
        raise ConfigError(f"no denoise ratio {denoise_ratio:g}", "give a number from 0 to 1")
    recording = prepare_prompt(wav, rate, name)
    text_to_vec_style, synthesizer_style = _styles(networks, recording, replicate, for_text)
    if denoise_ratio > 0:
        if denoiser is None:
            raise ConfigError(f"denoise ratio {denoise_ratio:g} needs a denoiser", "give one, or the ratio 0")
        enhanced, enhanced_rate = denoiser.enhance(recording, SAMPLE_RATE)
        clean = resample(enhanced, enhanced_rate, SAMPLE_RATE)[: recording.size]
        clean_text_to_vec_style, clean_synthesizer_style = _styles(networks, clean, replicate, for_text)
        synthesizer_style = synthesizer_style.lerp(clean_synthesizer_style, denoise_ratio)
        if text_to_vec_style is not None and clean_text_to_vec_style is not None:
            text_to_vec_style = text_to_vec_style.lerp(clean_text_to_vec_style, denoise_ratio)
    pitch = track_pitch(recording, networks.synthesizer_experiment.features.pitch, name)
    return Voice(
        text_to_vec_style,
        synthesizer_style,
        PitchStatistics.of(pitch),
        float(np.abs(recording).max()),
        networks.fingerprint,
    )


def _styles(
    networks: Networks, recording: Waveform, replicate: bool, for_text: bool
) -> tuple[Tensor | None, Tensor]:
    """Style vectors (S, 1) of text-to-vec, where there is one and it is asked for, and of the synthesizer."""
    if replicate:
        recording = replicate_prompt(recording)
    prompt = torch.from_numpy(recording)[None].to(networks.device)
    text_to_vec_style = None
    if for_text and networks.text_to_vec_experiment is not None:
        mel = log_mel(prompt, networks.text_to_vec_experiment.mel)
        text_to_vec_style = networks.text_to_vec.style(mel)[0].float().cpu()
    mel = log_mel(prompt, networks.synthesizer_experiment.mel)
    return text_to_vec_style, networks.synthesizer.style(mel)[0].float().cpu()


def mix_voices(voices: Sequence[Voice], weights: Sequence[float]) -> Voice:
    """The weighted mean of voices: of their styles, their pitch and their peak.

    Args:
        voices: all of one model.
        weights: one each, none negative; only their proportions count.

    Raises:
        ConfigError: no voice, a wrong number of weights, unusable weights, or voices of several models.
    """
    if not voices or len(voices) != len(weights):
        raise ConfigError(
            f"{len(weights)} weights for {len(voices)} voices", "give one weight for each voice"
        )
    total = float(sum(weights))
    if not (np.isfinite(total) and total > 0 and min(weights) >= 0):
        raise ConfigError(
            f"weights {', '.join(f'{weight:g}' for weight in weights)} can't be mixed",
            "give numbers from 0, not all 0",
        )
    if len({voice.model for voice in voices}) > 1:
        raise ConfigError("the voices are of several models", "make them with one model")
    shares = [weight / total for weight in weights]
    styles = [voice.text_to_vec_style for voice in voices]
    present = [style for style in styles if style is not None]
    voiced = [(voice.pitch, share) for voice, share in zip(voices, shares, strict=True) if voice.pitch]
    return Voice(
        _weighted(present, shares) if len(present) == len(styles) else None,
        _weighted([voice.synthesizer_style for voice in voices], shares),
        _mixed_pitch(voiced),
        sum(voice.peak * share for voice, share in zip(voices, shares, strict=True)),
        voices[0].model,
    )


def _weighted(styles: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    return torch.stack([style * share for style, share in zip(styles, shares, strict=True)]).sum(0)


def _mixed_pitch(voiced: Sequence[tuple[PitchStatistics, float]]) -> PitchStatistics | None:
    total = sum(share for _, share in voiced)
    if total == 0:
        return None
    return PitchStatistics(
        sum(pitch.mean * share for pitch, share in voiced) / total,
        sum(pitch.deviation * share for pitch, share in voiced) / total,
    )
