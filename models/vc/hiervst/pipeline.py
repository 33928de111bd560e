"""HierVST for use: what a recording says in the style of a prompt."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.parts import Source
from hiervox.models.base.pipelines.segments import Segment, sound_by_segments
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.trace import Stage
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts._hierarchy.trace import hierarchy_stages
from hiervox.models.vc.hiervst.config import HierVSTExperiment
from hiervox.models.vc.hiervst.controls import HierVSTControls
from hiervox.models.vc.no_text import NoSpeech
from hiervox.models.vc.prompt_voices import PromptVoices, style_of
from hiervox.processors.audio import Waveform, pad_to_multiple
from hiervox.processors.pitch import F0Contour
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor
from hiervox.utils.errors import ConfigError


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[HierVSTControls]:
    """Load a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    network, experiment = load_as(folder, device, HierarchicalSynthesizer, HierVSTExperiment)
    voices = PromptVoices(network, experiment, folder, torch.device(device))
    converter = HierVSTConverter(network, experiment, voices)
    synthesizer = NoSpeech[HierVSTControls](experiment.mel, experiment.mel.sample_rate)
    return SpeechPipeline(folder, device, HierVSTControls, synthesizer, voices, converter=converter)


class HierVSTConverter:
    """A `Converter`; the result is up to 80 ms longer than the source.

    Semantic vectors depend on the whole recording: one of over 30 s is converted in segments cut where it is
    quietest, and a stream gives them one by one.

    Args:
        network: in evaluation mode.
        experiment: its config.
        voices: of the network.
    """

    def __init__(
        self, network: HierarchicalSynthesizer, experiment: HierVSTExperiment, voices: PromptVoices
    ) -> None:
        self.network, self.experiment, self.voices = network, experiment, voices

    def convert(
        self, source: Source, voice: Voice, controls: HierVSTControls, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """See `Converter.convert`: restorer, both flows in reverse and generator, all in the voice's style.

        Raises:
            ConfigError: `f0` is given.
        """
        if f0 is not None:
            raise ConfigError("the model has no pitch that can be set", "leave the F0 curve out")
        style, noise = style_of(voice, self.voices.device), torch.Generator().manual_seed(controls.seed)

        @torch.inference_mode()
        def sound(seen: Tensor, segment: Segment) -> Tensor:
            return self.network.infer(
                self.content.extract(seen), None, style, noise_scale=controls.noise_scale, generator=noise
            )

        return None, sound_by_segments(source.speech, self.voices.device, sound)

    @torch.inference_mode()
    def stages(self, source: Source, voice: Voice, controls: HierVSTControls) -> Iterator[Stage]:
        """See `StagedConverter.stages`: the hierarchy of latents."""
        seen = torch.from_numpy(pad_to_multiple(source.speech))[None].to(self.voices.device)
        yield from hierarchy_stages(
            self.network,
            self.experiment.mel,
            self.content.extract(seen),
            None,
            style_of(voice, self.voices.device),
            controls.noise_scale,
            torch.Generator().manual_seed(controls.seed),
        )

    @cached_property
    def content(self) -> SemanticExtractor:
        """The encoder whose vectors the network was trained on.

        Raises:
            DependencyError: its weights are not there.
        """
        return build_semantic_extractor(self.experiment.features.semantic, self.voices.device)
