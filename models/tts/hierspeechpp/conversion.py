"""Voice conversion: the semantics and the melody of a recording in another voice (section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.config import F0_PER_FRAME
from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pitch_control import shape_pitch
from hiervox.models.tts.hierspeechpp.pitch_curve import stretch_pitch
from hiervox.models.tts.hierspeechpp.pitch_transfer import track_pitch, transfer_pitch
from hiervox.models.tts.hierspeechpp.rendering import SAMPLES_PER_F0, render, track_stretches
from hiervox.models.tts.hierspeechpp.stretches import Stretch
from hiervox.models.tts.hierspeechpp.voice import Voice
from hiervox.processors.audio import HOP_LENGTH, Waveform, pad_to_grid
from hiervox.processors.pitch import Track, fit_length, log_f0


def converted_pitch(
    networks: Networks, source: Waveform, voice: Voice, controls: SpeechControls, f0: Track | None = None
) -> Track:
    """F0 of the source at the voice's mean and deviation, or a given one, then as the controls ask.

    Args:
        networks: whose training data says how F0 is tracked.
        source: (T,) at 16 kHz.
        voice: whom to speak like.
        controls: semitones and pitch range are used here.
        f0: (T',) in Hz, to be stretched to the source.

    Returns:
        (4 N,) in Hz for the N frames of the padded source.
    """
    if f0 is None:
        f0 = transfer_pitch(_tracked(networks, source), voice.pitch)
    else:
        f0 = stretch_pitch(f0, pad_to_grid(source).size // SAMPLES_PER_F0)
    log_pitch = torch.from_numpy(log_f0(f0))
    shaped: Track = shape_pitch(log_pitch, controls.semitones, controls.pitch_range).expm1().numpy()
    return shaped


def _tracked(networks: Networks, source: Waveform) -> Track:
    config = networks.synthesizer_experiment.features.pitch
    return track_stretches(
        networks, source, lambda seen: track_pitch(seen[0].cpu().numpy(), config, "the source")
    )


def convert(
    networks: Networks, source: Waveform, f0: Track, voice: Voice, controls: SpeechControls
) -> Iterator[Waveform]:
    """Say a recording again in another voice.

    Args:
        networks: of the model whose voice it is.
        source: (T,) at 16 kHz.
        f0: (4 N,) in Hz for the N frames of the padded source.
        voice: whom to speak like.
        controls: noise scale and seed are used here.

    Returns:
        As `render`; up to 80 ms longer than the source.
    """
    style = voice.synthesizer_style[None].to(networks.device)
    noise = torch.Generator().manual_seed(controls.seed)
    synthesizer = networks.synthesizer

    @torch.inference_mode()
    def say(seen: Tensor, stretch: Stretch) -> Tensor:
        first, frames = stretch.first // SAMPLES_PER_F0, seen.shape[-1] // HOP_LENGTH
        pitch = fit_length(f0[first : first + F0_PER_FRAME * frames], F0_PER_FRAME * frames)
        semantic = networks.semantic_extractor.extract(seen)
        log_pitch = log_f0(torch.from_numpy(pitch)[None, None].to(seen.device))
        return synthesizer.infer(
            semantic, log_pitch, style, noise_scale=controls.noise_scale, generator=noise
        )

    return render(networks, source, say)
