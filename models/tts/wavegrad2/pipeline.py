"""WaveGrad 2 for use: text to speech in as many steps as there is time for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_to_speech import Item, Script
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.voices.pipeline import SpeakerPipeline
from hiervox.models.tts.wavegrad2.arpabet import is_published
from hiervox.models.tts.wavegrad2.config import WaveGrad2Experiment
from hiervox.models.tts.wavegrad2.controls import WaveGrad2Controls
from hiervox.models.tts.wavegrad2.model import WaveGrad2
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import CheckpointError, ConfigError, TextError


class WaveGrad2Pipeline(SpeakerPipeline):
    """Speaks in the model's own voices, and, where it has an encoder of references, in any.

    A sentence is sampled as a whole: every step reads what the one before made of all of it.

    Args:
        folder: of the checkpoint.
        network: in evaluation mode from here on.
        experiment: its config.
    """

    controls: ClassVar[type[SpeechControls]] = WaveGrad2Controls

    def __init__(self, folder: Path, network: WaveGrad2, experiment: WaveGrad2Experiment) -> None:
        super().__init__(folder, network, experiment.mel)
        self.network = network.eval()
        self.text = experiment.text

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_network(folder, device)
        if not isinstance(network, WaveGrad2) or not isinstance(experiment, WaveGrad2Experiment):
            raise CheckpointError(
                f"{folder} is {experiment.system}/{experiment.part}, not wavegrad2/wavegrad2",
                "name a WaveGrad 2 checkpoint",
            )
        return cls(folder, network, experiment)

    def read(self, text: Script, language: str | None = None) -> list[TokenSequence]:
        """As every system; a model with the published phoneme table takes `arpabet.phone_sequence`s alone.

        Raises:
            TextError: it is given a text, or something in the text can't be spoken.
            ConfigError: the model does not declare the language.
        """
        if isinstance(text, str) and is_published(self.text.symbols):
            raise TextError(
                "the model reads phones of the published ARPAbet table, not text",
                "give it phone_sequence(…) of hiervox.models.tts.wavegrad2.arpabet in Python",
            )
        return super().read(text, language)

    def acoustic(self, items: Sequence[Item], controls: Any, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to frames, one by one: durations must not depend on a batch's last bits.

        Raises:
            CheckpointError: the durations are beyond any speech.
            ConfigError: an F0 curve is given, or more steps than the model was trained with.
        """
        most = self.network.config.decoder.n_steps
        if controls.steps is not None and controls.steps > most:
            raise ConfigError(f"the model has {most} steps", f"set steps to {most} or less")
        return [self._acoustic(item, controls, attempt) for item in items]

    @torch.inference_mode()
    def _acoustic(self, item: Item, controls: Any, attempt: int) -> Synthesis:
        sequence, voice = item
        sequence.require_no_f0()
        made = self.network.infer(
            torch.tensor([sequence.tokens], device=self.device),
            torch.tensor([len(sequence.tokens)], device=self.device),
            self.styles([voice]),
            length_scale=1 / (torch.tensor([sequence.rates], device=self.device) * controls.speed),
        )
        return Synthesis(
            sequence,
            made.hidden,
            self.network.config.frame_rate,
            self.noise(sequence, controls, attempt),
            durations=made.durations[0].tolist(),
        )

    @torch.inference_mode()
    def decode(self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: Any) -> list[Waveform]:
        """Frames to waveforms (T_i,), one by one: the network would see the padding of others."""
        schedule = self.network.config.schedule(controls.steps)
        return [
            self.network.generate(one.features, schedule, self._noises(one))[0].float().cpu().numpy()
            for one in batch
        ]

    def _noises(self, one: Synthesis) -> Iterator[Tensor]:
        """Standard normal (1, T), drawn on the CPU, so that a seed means the same on every device."""
        samples = one.features.shape[2] * self.network.decoder.hop_length
        while True:
            yield torch.randn(1, samples, generator=one.noise).to(self.device)
