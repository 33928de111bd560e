"""Matcha-TTS for use: text to speech with any vocoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import noise_for, padded_rows
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.matcha_tts.config import MatchaExperiment
from hiervox.models.tts.matcha_tts.controls import MatchaControls
from hiervox.models.tts.matcha_tts.networks.matcha_tts import MatchaTts
from hiervox.models.tts.symbols import require_symbol_rows

RETRY_TEMPERATURE = 0.5
"""Factor of the temperature at the second attempt."""


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
    acoustic = MatchaAcoustic(network, experiment, voices)
    synthesizer = MelSynthesizer[MatchaControls](acoustic, VocoderChoice(folder, experiment.mel, device))
    return SpeechPipeline(folder, device, MatchaControls, synthesizer, voices)


class MatchaAcoustic:
    """Matcha-TTS as an `AcousticModel`.

    Args:
        network: in evaluation mode.
        experiment: its config.
        voices: of the network.
    """

    def __init__(self, network: MatchaTts, experiment: MatchaExperiment, voices: SpeakerVoices) -> None:
        self.network, self.voices, self.mel_config = network, voices, experiment.mel
        self.reader = TextReader(experiment.text, network.config.blanks)

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: MatchaControls, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to log-mels; at the second attempt with half the noise.

        Raises:
            CheckpointError: the durations are beyond any speech.
            ConfigError: an F0 curve is given.
        """
        sequences = [sequence for sequence, _ in items]
        for sequence in sequences:
            sequence.require_no_f0()
        device = self.voices.device
        noise = [noise_for(controls.seed, sequence.position, attempt) for sequence in sequences]
        lengths = [len(sequence.tokens) for sequence in sequences]
        rates = padded_rows([sequence.rates for sequence in sequences], 1.0).to(device)
        made = self.network.infer(
            padded_rows([sequence.tokens for sequence in sequences], 0).to(device),
            torch.tensor(lengths, device=device),
            self.voices.styles([voice for _, voice in items]),
            temperature=controls.temperature * RETRY_TEMPERATURE**attempt,
            length_scale=1 / (rates.unsqueeze(1) * controls.speed),
            generator=noise,
            steps=controls.steps,
            solver=controls.solver,
        )
        return [
            Synthesis(
                sequence,
                made.mel[item, :, :frames].float().cpu().numpy(),
                self.mel_config.frame_rate,
                noise[item],
                durations=made.durations[item, : lengths[item]].tolist(),
            )
            for item, (sequence, frames) in enumerate(
                zip(sequences, made.frame_lengths.tolist(), strict=True)
            )
        ]
