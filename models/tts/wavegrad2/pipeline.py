"""WaveGrad 2 for use: text to speech in as many steps as there is time for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.wavegrad2.arpabet import is_published
from hiervox.models.tts.wavegrad2.config import WaveGrad2Experiment
from hiervox.models.tts.wavegrad2.controls import WaveGrad2Controls
from hiervox.models.tts.wavegrad2.networks.wavegrad2 import WaveGrad2
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import ConfigError, TextError


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[WaveGrad2Controls]:
    """Load a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    network, experiment = load_as(folder, device, WaveGrad2, WaveGrad2Experiment, plain=True)
    voices = SpeakerVoices(network, experiment.mel)
    synthesizer = WaveGrad2Synthesizer(network, experiment, voices)
    return SpeechPipeline(folder, device, WaveGrad2Controls, synthesizer, voices)


class WaveGrad2Reader(TextReader):
    """Refuses texts where the model has the published phoneme table."""

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """See `Reader.read`; a model with that table takes `arpabet.phone_sequence`s alone.

        Raises:
            TextError: it has that table, or something in the text can't be spoken.
        """
        if is_published(self.text.symbols):
            raise TextError(
                "the model reads phones of the published ARPAbet table, not text",
                "give it phone_sequence(…) of hiervox.models.tts.wavegrad2.arpabet in Python",
            )
        return super().read(text, language)


class WaveGrad2Synthesizer:
    """WaveGrad 2 as a `Synthesizer`; `Synthesis.features` are frames (1, C, N).

    A sentence is sampled as a whole: every step reads what the one before made of all of it.

    Args:
        network: in evaluation mode.
        experiment: its config.
        voices: of the network.
    """

    largest_batch = None

    def __init__(self, network: WaveGrad2, experiment: WaveGrad2Experiment, voices: SpeakerVoices) -> None:
        self.network, self.voices = network, voices
        self.reader, self.mel_config = WaveGrad2Reader(experiment.text), experiment.mel
        self.rate = experiment.mel.sample_rate

    def prepare(self, controls: WaveGrad2Controls) -> None:
        """Refuse more steps than the model was trained with.

        Raises:
            ConfigError: so many steps.
        """
        most = self.network.config.decoder.n_steps
        if controls.steps is not None and controls.steps > most:
            raise ConfigError(f"the model has {most} steps", f"set steps to {most} or less")

    def acoustic(
        self, items: Sequence[Item], controls: WaveGrad2Controls, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences to frames, one by one: durations must not depend on a batch's last bits.

        Raises:
            CheckpointError: the durations are beyond any speech.
            ConfigError: an F0 curve is given.
        """
        return [self._acoustic(item, controls, attempt) for item in items]

    @torch.inference_mode()
    def _acoustic(self, item: Item, controls: WaveGrad2Controls, attempt: int) -> Synthesis:
        sequence, voice = item
        sequence.require_no_f0()
        made = self.network.infer(
            torch.tensor([sequence.tokens], device=self.voices.device),
            torch.tensor([len(sequence.tokens)], device=self.voices.device),
            self.voices.styles([voice]),
            length_scale=1 / (torch.tensor([sequence.rates], device=self.voices.device) * controls.speed),
        )
        return Synthesis(
            sequence,
            made.hidden,
            self.network.config.frame_rate,
            noise_for(controls.seed, sequence.position, attempt),
            durations=made.durations[0].tolist(),
        )

    @torch.inference_mode()
    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: WaveGrad2Controls
    ) -> list[Waveform]:
        """Frames to waveforms (T_i,), one by one: the network would see the padding of others."""
        schedule = self.network.config.schedule(controls.steps)
        return [
            self.network.generate(synthesis.features, schedule, self._noises(synthesis))[0]
            .float()
            .cpu()
            .numpy()
            for synthesis in batch
        ]

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: WaveGrad2Controls
    ) -> Iterator[Waveform]:
        """`decode` in one chunk."""
        yield from self.decode([synthesis], [voice], controls)

    def _noises(self, synthesis: Synthesis) -> Iterator[Tensor]:
        """Standard normal (1, T), drawn on the CPU, so that a seed means the same on every device."""
        samples = synthesis.features.shape[2] * self.network.decoder.hop_length
        while True:
            yield torch.randn(1, samples, generator=synthesis.noise).to(self.voices.device)
