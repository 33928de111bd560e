"""Glow-WaveGAN for use: text to speech, and conversion between its voices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.tts.flow.model import FlowTextToFrames
from hiervox.models.tts.flow.pipeline import FlowPipeline
from hiervox.models.tts.glow_wavegan.config import LatentFlowExperiment, WaveGanExperiment
from hiervox.models.tts.glow_wavegan.controls import GlowWaveGanControls
from hiervox.models.tts.glow_wavegan.flow_trainer import require_same_latent
from hiervox.models.tts.glow_wavegan.wavegan import WaveGan
from hiervox.models.tts.voices.latents import LatentPipeline
from hiervox.models.tts.voices.pipeline import STYLE
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.utils.errors import CheckpointError

WAVEGAN, FLOW = "wavegan", "flow"


class GlowWaveGanPipeline(FlowPipeline, LatentPipeline):
    """Speaks in the model's own voices, and, where it has an encoder of references, in any.

    Args:
        folder: of the bundle.
        network: the flow; its weights are made ready for inference, so it can't be trained any more.
        experiment: its config.
        wavegan: the autoencoder whose latent it was trained on; ready for inference, too.
    """

    controls: ClassVar[type[SpeechControls]] = GlowWaveGanControls

    def __init__(
        self, folder: Path, network: FlowTextToFrames, experiment: LatentFlowExperiment, wavegan: WaveGan
    ) -> None:
        super().__init__(folder, network, experiment.mel)
        self.network, self.wavegan = network.eval(), wavegan.eval()
        remove_weight_norm(self.network)
        remove_weight_norm(self.wavegan)
        self.text, self.blanks = experiment.text, network.config.blanks

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Open a bundle with `wavegan` and `flow`.

        Raises:
            CheckpointError: one is missing, broken, or of another part.
            ConfigError: the flow was trained on another latent.
        """
        wavegan, of_wavegan = load_network(part_checkpoint(folder, WAVEGAN), device)
        network, of_flow = load_network(part_checkpoint(folder, FLOW), device)
        if (
            not isinstance(wavegan, WaveGan)
            or not isinstance(of_wavegan, WaveGanExperiment)
            or not isinstance(network, FlowTextToFrames)
            or not isinstance(of_flow, LatentFlowExperiment)
        ):
            raise CheckpointError(
                f"{folder} does not hold Glow-WaveGAN's parts", "put them there under their names"
            )
        require_same_latent(of_flow, of_wavegan)
        return cls(folder, network, of_flow, wavegan)

    @property
    def decoder_context(self) -> int:
        """Of HiFi-GAN."""
        return self.wavegan.decoder.context

    @torch.inference_mode()
    def encode_voice(self, recording: Waveform, for_text: bool = True) -> dict[str, Tensor]:
        """The vector (S, 1) of a prompt (T,) at 16 kHz, from its latent, where the model reads references.

        Raises:
            ConfigError: it does not.
        """
        if self.network.config.voice != "reference":
            return super().encode_voice(recording, for_text)
        wav = torch.from_numpy(resample(recording, SAMPLE_RATE, self.rate))[None].to(self.device)
        z = self.wavegan.latent(wav, 0.0)
        return {STYLE: self.network.reference_style(z, torch.ones_like(z[:, :1]))[0].cpu()}

    def latent_of(self, synthesis: Synthesis) -> Tensor:
        """The flow's frames."""
        return torch.from_numpy(synthesis.features)[None].to(self.device)

    def decode_latent(self, z: Tensor, style: Tensor | None) -> Tensor:
        """(1, C, N) → (1, 1, T); the latent holds the voice."""
        return self.wavegan.decode(z)

    @torch.inference_mode()
    def converted(self, wav: Waveform, own: Tensor, target: Tensor, controls: Any) -> Iterator[Waveform]:
        """Through the flow in the source's voice, and back in the target's (arXiv 2207.01832).

        The flow sees the recording as a whole.
        """
        z = self.wavegan.latent(torch.from_numpy(wav)[None].to(self.device), 0.0)
        yield from self._sound(self.network.convert(z, own, target), target)
