"""JETS for use: text to speech."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import noise_for
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._variance.reading import VarianceReader
from hiervox.models.tts._voices.latents import LatentDecoder
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.jets.config import JetsExperiment
from hiervox.models.tts.jets.controls import JetsControls
from hiervox.models.tts.jets.network import Jets
from hiervox.processors.audio import Waveform


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[JetsControls]:
    """Load a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    network, experiment = load_as(folder, device, Jets, JetsExperiment, plain=True)
    voices = SpeakerVoices(network, experiment.mel, ("generator.output",))
    return SpeechPipeline(folder, device, JetsControls, JetsSynthesizer(network, experiment, voices), voices)


class JetsSynthesizer:
    """JETS as a `Synthesizer`; `Synthesis.features` are what the generator reads, (1, C, N).

    Args:
        network: in evaluation mode, its weight norm removed.
        experiment: its config.
        voices: of the network.
    """

    largest_batch = None

    def __init__(self, network: Jets, experiment: JetsExperiment, voices: SpeakerVoices) -> None:
        self.network, self.voices = network, voices
        self.mel_config, self.rate = experiment.mel, experiment.mel.sample_rate
        self.reader = TextReader(experiment.text)
        self.variances = VarianceReader(network, voices, experiment.mel.frame_rate)
        generator = network.generator
        self.decoder = LatentDecoder(
            lambda frames, style: generator(frames), generator.context, experiment.mel.hop_length
        )

    def prepare(self, controls: JetsControls) -> None:
        """All controls can be followed."""

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: JetsControls, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to frames, one by one; nothing is drawn at random.

        Raises:
            CheckpointError: the durations are beyond any speech.
        """
        made = []
        for item in items:
            read = self.variances.read(item, controls)
            made.append(
                Synthesis(
                    item[0],
                    self.network.frames(read.hidden),
                    self.mel_config.frame_rate,
                    noise_for(controls.seed, item[0].position, attempt),
                    durations=read.durations[0].tolist(),
                    f0=self.variances.f0(read),
                )
            )
        return made

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: JetsControls
    ) -> list[Waveform]:
        """Frames to waveforms (T_i,), one by one: the generator would see the padding of others."""
        return [self.decoder.whole(synthesis.features, None) for synthesis in batch]

    def decode_stream(self, synthesis: Synthesis, voice: Voice, controls: JetsControls) -> Iterator[Waveform]:
        """`decode` in chunks, the first of a quarter of a second."""
        return self.decoder.stream(synthesis.features, None)
