"""What a recording is to the synthesizer: its acoustic latent, and F0 and sound from that.

No text and no semantic encoder take part: the acoustic posterior encodes the recording, the source network
predicts its F0 and the generator decodes it. With super-resolution after it, that brings any speech to 48
kHz.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.base.pipelines.pitch_control import drop_low_pitch
from hiervox.models.base.pipelines.segments import Segment, f0_by_segments, sound_by_segments
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, Networks
from hiervox.modules.functional.gaussian import sample_gaussian
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour
from hiervox.processors.spectrogram import linear_spectrogram


@torch.inference_mode()
def posterior_pitch(
    networks: Networks, recording: Waveform, voice: Voice, controls: HierSpeechControls
) -> F0Contour:
    """F0 through the acoustic posterior and the source network.

    Args:
        networks: of the model whose voice it is.
        recording: (T,) at 16 kHz.
        voice: of the recording itself, as published.
        controls: noise scale (of the posterior) and seed are used here.

    Returns:
        (4 N,) in Hz for the N frames of the padded recording, 0 under 55 Hz.
    """
    synthesizer, style = networks.synthesizer, voice.tensors[SYNTHESIZER][None].to(networks.device)
    noise = torch.Generator().manual_seed(controls.seed)

    def track(seen: Tensor) -> F0Contour:
        spectrogram = linear_spectrogram(seen, networks.synthesizer_experiment.mel)
        mask = torch.ones_like(spectrogram[:, :1])
        mean, log_std = synthesizer.acoustic_posterior(spectrogram, seen[:, None], mask, style)
        z = sample_gaussian(mean, log_std, mask, controls.noise_scale, noise)
        _, log_f0 = synthesizer.source(z, style)
        pitch: F0Contour = drop_low_pitch(log_f0[0, 0]).expm1().float().cpu().numpy()
        return pitch

    return f0_by_segments(recording, networks.device, track)


def reconstruct(
    networks: Networks, recording: Waveform, voice: Voice, controls: HierSpeechControls
) -> Iterator[Waveform]:
    """A recording through the acoustic posterior and the generator.

    Args:
        networks: of the model whose voice it is.
        recording: (T,) at 16 kHz.
        voice: of the recording itself.
        controls: noise scale (of the posterior) and seed are used here.

    Returns:
        As `sound_by_segments`; up to 80 ms longer than the recording.
    """
    synthesizer, style = networks.synthesizer, voice.tensors[SYNTHESIZER][None].to(networks.device)
    noise = torch.Generator().manual_seed(controls.seed)

    @torch.inference_mode()
    def sound(seen: Tensor, segment: Segment) -> Tensor:
        spectrogram = linear_spectrogram(seen, networks.synthesizer_experiment.mel)
        return synthesizer.reconstruct(
            spectrogram, seen[:, None], style, noise_scale=controls.noise_scale, generator=noise
        )

    return sound_by_segments(recording, networks.device, sound)
