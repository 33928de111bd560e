"""Glow-TTS for use: text to speech with any vocoder."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.mel_text_to_speech import MelTextToSpeechPipeline
from hiervox.models.tts.flow.model import FlowTextToFrames
from hiervox.models.tts.flow.pipeline import FlowPipeline, require_symbol_rows
from hiervox.models.tts.glow_tts.config import GlowTtsExperiment
from hiervox.models.tts.glow_tts.controls import GlowTtsControls
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.utils.errors import CheckpointError


class GlowTtsPipeline(FlowPipeline, MelTextToSpeechPipeline):
    """Speaks in the model's own voices, and, where it has an encoder of references, in any.

    Args:
        folder: of the bundle, or of the checkpoint alone.
        network: its weights are made ready for inference, so it can't be trained any more.
        experiment: its config.

    Raises:
        CheckpointError: the network reads other symbols than the text front end writes.
    """

    controls: ClassVar[type[SpeechControls]] = GlowTtsControls

    def __init__(self, folder: Path, network: FlowTextToFrames, experiment: GlowTtsExperiment) -> None:
        require_symbol_rows(folder, network.config.n_symbols, experiment.text)
        # the two bases' own __init__ differ in what they take
        MelTextToSpeechPipeline.__init__(self, folder, experiment.mel, next(network.parameters()).device)
        self.network = self.speaker_network = network.eval()
        remove_weight_norm(self.network)
        self.text, self.blanks = experiment.text, network.config.blanks

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a bundle with a vocoder, a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_network(find_part(folder, "tts").folder, device)
        if not isinstance(network, FlowTextToFrames) or not isinstance(experiment, GlowTtsExperiment):
            raise CheckpointError(
                f"{folder} is {experiment.system}/{experiment.part}, not glow_tts/glow_tts",
                "name a Glow-TTS checkpoint",
            )
        return cls(folder, network, experiment)
