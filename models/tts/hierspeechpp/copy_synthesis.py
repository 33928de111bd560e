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
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, Networks
from hiervox.modules.functional.gaussian import sample_gaussian
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour
from hiervox.processors.spectrogram import linear_spectrogram
from hiervox.utils.errors import ConfigError


class HierSpeechCopySynthesizer:
    """The acoustic posterior, the source network and the generator as a `CopySynthesizer`.

    Of the controls it takes noise scale (of the posterior) and seed; voices are those of the recordings, as
    published.

    Args:
        networks: of the model whose voices they are.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    @torch.inference_mode()
    def f0(self, recording: Waveform, voice: Voice, controls: HierSpeechControls) -> F0Contour:
        """F0 through the acoustic posterior and the source network.

        Args:
            recording: (T,) at 16 kHz.
            voice: of the recording itself.
            controls: a noise scale of 0 is the posterior's mean.

        Returns:
            (4 N,) in Hz for the N frames of the padded recording, 0 under 55 Hz.

        Raises:
            ConfigError: the model was trained without a source network.
        """
        synthesizer, style, noise = self._with(voice, controls)
        if synthesizer.config.source is None:
            raise ConfigError("the model has no source network, which predicts F0", "name another model")

        def track(seen: Tensor, _: Segment) -> F0Contour:
            spectrogram = linear_spectrogram(seen, self.networks.synthesizer_experiment.mel)
            mask = torch.ones_like(spectrogram[:, :1])
            mean, log_std = synthesizer.posterior(spectrogram, seen[:, None], mask, style)
            z = sample_gaussian(mean, log_std, mask, controls.noise_scale, noise)
            _, log_f0 = synthesizer.source(z, style)
            pitch: F0Contour = drop_low_pitch(log_f0[0, 0]).expm1().float().cpu().numpy()
            return pitch

        return f0_by_segments(recording, self.networks.device, track)

    def reconstruct(
        self, recording: Waveform, voice: Voice, controls: HierSpeechControls
    ) -> Iterator[Waveform]:
        """Segment by segment (see `segments`); up to 80 ms longer than the recording."""
        synthesizer, style, noise = self._with(voice, controls)

        @torch.inference_mode()
        def sound(seen: Tensor, segment: Segment) -> Tensor:
            spectrogram = linear_spectrogram(seen, self.networks.synthesizer_experiment.mel)
            return synthesizer.reconstruct(
                spectrogram, seen[:, None], style, noise_scale=controls.noise_scale, generator=noise
            )

        return sound_by_segments(recording, self.networks.device, sound)

    def _with(
        self, voice: Voice, controls: HierSpeechControls
    ) -> tuple[HierarchicalSynthesizer, Tensor, torch.Generator]:
        style = voice.tensors[SYNTHESIZER][None].to(self.networks.device)
        return self.networks.synthesizer, style, torch.Generator().manual_seed(controls.seed)
