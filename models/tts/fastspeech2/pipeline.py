"""FastSpeech 2 for use: text to speech with any vocoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn.utils.rnn import pad_sequence

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import noise_for
from hiervox.models.tts._variance.reading import VarianceReader
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.fastspeech2.config import FastSpeech2Experiment
from hiervox.models.tts.fastspeech2.controls import FastSpeech2Controls
from hiervox.models.tts.fastspeech2.network import FastSpeech2
from hiervox.modules.functional.masking import sequence_mask
from hiervox.utils.errors import CheckpointError


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[FastSpeech2Controls]:
    """Load a bundle, a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, another system's, or reads other symbols than the text front
            end writes.
    """
    place = find_part(folder, "tts").folder
    network, experiment = load_as(place, device, FastSpeech2, FastSpeech2Experiment, plain=True)
    symbols = len(experiment.text.symbols)
    if network.config.n_symbols != symbols:
        raise CheckpointError(
            f"{folder} reads {network.config.n_symbols} symbols, and text.symbols has {symbols}",
            "the published ARPAbet models can be called from Python (docs/guides/tts_systems.md)",
        )
    voices = SpeakerVoices(network, experiment.mel, ("projection",))
    acoustic = FastSpeech2Acoustic(network, experiment, voices)
    synthesizer = MelSynthesizer[FastSpeech2Controls](acoustic, VocoderChoice(folder, experiment.mel, device))
    return SpeechPipeline(folder, device, FastSpeech2Controls, synthesizer, voices)


class FastSpeech2Acoustic:
    """FastSpeech 2 as an `AcousticModel`.

    Args:
        network: in evaluation mode.
        experiment: its config.
        voices: of the network.
    """

    def __init__(
        self, network: FastSpeech2, experiment: FastSpeech2Experiment, voices: SpeakerVoices
    ) -> None:
        self.network, self.voices, self.mel_config = network, voices, experiment.mel
        self.reader = TextReader(experiment.text)
        self.variances = VarianceReader(network, voices, experiment.mel.frame_rate)

    @torch.inference_mode()
    def acoustic(
        self, items: Sequence[Item], controls: FastSpeech2Controls, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences to log-mels; nothing is drawn at random.

        Raises:
            CheckpointError: the durations are beyond any speech.
        """
        read = [self.variances.read(item, controls) for item in items]
        lengths = torch.cat([entry.frame_lengths for entry in read])
        hidden = pad_sequence([entry.hidden[0].T for entry in read], batch_first=True).mT
        _, mels = self.network.decode(hidden, sequence_mask(lengths, hidden.shape[2]))
        return [
            Synthesis(
                sequence,
                mel[:, : int(entry.frame_lengths)].float().cpu().numpy(),
                self.mel_config.frame_rate,
                noise_for(controls.seed, sequence.position, attempt),
                durations=entry.durations[0].tolist(),
                f0=self.variances.f0(entry),
            )
            for (sequence, _), entry, mel in zip(items, read, mels, strict=True)
        ]
