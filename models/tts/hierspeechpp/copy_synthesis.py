"""What a recording is to the synthesizer: its acoustic latent, and F0 and sound from that.

No text and no semantic encoder take part: the acoustic posterior hears the recording, the source network says
its F0 and the generator speaks it again. With super-resolution after it, that brings any speech to 48 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pitch_control import drop_low_pitch
from hiervox.models.tts.hierspeechpp.rendering import render, track_stretches
from hiervox.models.tts.hierspeechpp.stretches import Stretch
from hiervox.models.tts.hierspeechpp.voice import Voice
from hiervox.modules.functional.gaussian import sample_gaussian
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import Track
from hiervox.processors.spectrogram import linear_spectrogram


@torch.inference_mode()
def heard_pitch(networks: Networks, recording: Waveform, voice: Voice, controls: SpeechControls) -> Track:
    """F0 through the acoustic posterior and the source network.

    Args:
        networks: of the model whose voice it is.
        recording: (T,) at 16 kHz.
        voice: of the recording itself, as published.
        controls: noise scale (of the posterior) and seed are used here.

    Returns:
        (4 N,) in Hz for the N frames of the padded recording, 0 under 55 Hz.
    """
    synthesizer, style = networks.synthesizer, voice.synthesizer_style[None].to(networks.device)
    noise = torch.Generator().manual_seed(controls.seed)

    def track(seen: Tensor) -> Track:
        spectrogram = linear_spectrogram(seen, networks.synthesizer_experiment.mel)
        mask = torch.ones_like(spectrogram[:, :1])
        mean, log_std = synthesizer.acoustic_posterior(spectrogram, seen[:, None], mask, style)
        z = sample_gaussian(mean, log_std, mask, controls.noise_scale, noise)
        _, heard = synthesizer.source(z, style)
        pitch: Track = drop_low_pitch(heard[0, 0]).expm1().float().cpu().numpy()
        return pitch

    return track_stretches(networks, recording, track)


def resynthesize(
    networks: Networks, recording: Waveform, voice: Voice, controls: SpeechControls
) -> Iterator[Waveform]:
    """Say a recording again through the acoustic posterior and the generator.

    Args:
        networks: of the model whose voice it is.
        recording: (T,) at 16 kHz.
        voice: of the recording itself.
        controls: noise scale (of the posterior) and seed are used here.

    Returns:
        As `render`; up to 80 ms longer than the recording.
    """
    synthesizer, style = networks.synthesizer, voice.synthesizer_style[None].to(networks.device)
    noise = torch.Generator().manual_seed(controls.seed)

    @torch.inference_mode()
    def say(seen: Tensor, stretch: Stretch) -> Tensor:
        spectrogram = linear_spectrogram(seen, networks.synthesizer_experiment.mel)
        return synthesizer.reconstruct(
            spectrogram, seen[:, None], style, noise_scale=controls.noise_scale, generator=noise
        )

    return render(networks, recording, say)
