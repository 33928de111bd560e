"""Texts to durations, pitch and energy, one by one."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.pitch_curve import sampled_pitch
from hiervox.models.tts._variance.controls import VarianceSpeechControls, predicted_hz, variance_controls
from hiervox.models.tts._variance.durations import expand_by_durations
from hiervox.models.tts._variance.network import VarianceNetwork
from hiervox.models.tts._variance.variance_adaptor import VarianceOutput
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.durations import require_frames
from hiervox.processors.pitch import F0Contour


class VarianceReader:
    """Encoder and variance adaptor in use.

    Durations are rounded to whole frames, which must not depend on a batch's last bits, so tokens are read
    one sequence at a time.

    Args:
        network: in evaluation mode.
        voices: of the network.
        frame_rate: of its frames, Hz.
    """

    def __init__(self, network: VarianceNetwork[Any], voices: SpeakerVoices, frame_rate: float) -> None:
        self.network, self.voices, self.frame_rate = network, voices, frame_rate

    def read(self, item: Item, controls: VarianceSpeechControls) -> VarianceOutput:
        """A token sequence in a voice, as the controls ask for.

        Raises:
            CheckpointError: the durations are beyond any speech.
        """
        sequence, voice = item
        tokens = torch.tensor([sequence.tokens], device=self.voices.device)
        mask = torch.ones(1, 1, tokens.shape[1], device=self.voices.device)
        adaptor = self.network.adaptor
        output: VarianceOutput = adaptor(
            self.network.encode(tokens, mask, self.voices.styles([voice])),
            mask,
            controls=variance_controls(sequence, controls, adaptor),
        )
        require_frames(output.frame_lengths)
        return output

    def f0(self, output: VarianceOutput) -> F0Contour:
        """The predicted F0 (T,) at 200 Hz; that of a token lasts as long as it does."""
        hz = predicted_hz(output.pitch, self.network.adaptor.pitch)
        if self.network.adaptor.pitch.level == "token":
            hz = expand_by_durations(hz, output.durations)
        return sampled_pitch(hz[0, 0].float().cpu().numpy(), self.frame_rate)
