"""Matcha-TTS for use: text to speech with any vocoder."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.drawn_frames import DrawnFrames, DrawnFramesAcoustic
from hiervox.models.tts.matcha_tts.config import MatchaExperiment
from hiervox.models.tts.matcha_tts.controls import MatchaControls
from hiervox.models.tts.matcha_tts.networks.matcha_tts import MatchaTts
from hiervox.models.tts.symbols import require_symbol_rows
from hiervox.processors.text.config import TextConfig


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[MatchaControls]:
    """Load a bundle with a vocoder, a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, another system's, or reads other symbols than the text front
            end writes.
    """
    place = find_part(folder, "tts").folder
    network, experiment = load_as(place, device, MatchaTts, MatchaExperiment, plain=True)
    require_symbol_rows(folder, network.config.n_symbols, experiment.text)
    voices = SpeakerVoices(network, experiment.mel, ("text_encoder.projection",))
    acoustic = MatchaAcoustic(network, experiment.text, voices)
    synthesizer = MelSynthesizer[MatchaControls](acoustic, VocoderChoice(folder, experiment.mel, device))
    return SpeechPipeline(folder, device, MatchaControls, synthesizer, voices)


class MatchaAcoustic(DrawnFramesAcoustic[MatchaControls]):
    """Matcha-TTS as an `AcousticModel`.

    Args:
        network: in evaluation mode.
        text: languages and symbols of the model.
        voices: of the network.
    """

    def __init__(self, network: MatchaTts, text: TextConfig, voices: SpeakerVoices) -> None:
        super().__init__(text, voices, network.config.blanks)
        self.network = network

    def draw(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None,
        length_scale: Tensor,
        noise: list[torch.Generator],
        calmed: float,
        controls: MatchaControls,
    ) -> DrawnFrames:
        """See `DrawnFramesAcoustic.draw`."""
        return self.network.infer(
            tokens,
            token_lengths,
            style,
            controls.temperature * calmed,
            length_scale,
            noise,
            controls.steps,
            controls.solver,
        )
