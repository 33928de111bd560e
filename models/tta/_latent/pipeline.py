"""Text to audio by latent diffusion, for use."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.mel_synthesizer import VocoderChoice
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.tta._latent.autoencoder import MelAutoencoder
from hiervox.models.tta._latent.config import (
    AutoencoderExperiment,
    LatentDiffusionExperiment,
    require_same_latent,
)
from hiervox.models.tta._latent.controls import LatentAudioControls
from hiervox.models.tta._latent.diffusion import LatentDiffusion
from hiervox.modules.diffusion.samplers import Noise
from hiervox.processors.audio import Waveform, require_finite
from hiervox.utils.errors import ConfigError

AUTOENCODER, DIFFUSION = "autoencoder", "diffusion"
LONGEST_SECONDS = 60.0
"""Attention over a latent grows with the square of its length."""

ControlsT = TypeVar("ControlsT", bound=LatentAudioControls)
NetworkT = TypeVar("NetworkT", bound=LatentDiffusion)
ExperimentT = TypeVar("ExperimentT", bound=LatentDiffusionExperiment)


class LatentAudioPipeline(NotPickled, Generic[ControlsT, NetworkT, ExperimentT]):
    """Captions to sound: a latent, its spectrogram, and what a vocoder makes of that.

    A latent is as long as those of training, or as what is asked for, where that is longer; the sound is cut.

    Args:
        autoencoder, diffusion: in evaluation mode.
        experiment: of the diffusion.
        vocoder: from which the controls choose.
        controls: class of the controls.

    Attributes:
        rate: of the sound, Hz.
    """

    def __init__(
        self,
        autoencoder: MelAutoencoder,
        diffusion: NetworkT,
        experiment: ExperimentT,
        vocoder: VocoderChoice,
        controls: type[ControlsT],
    ) -> None:
        self.autoencoder, self.diffusion = autoencoder, diffusion
        self.experiment, self.vocoder, self.controls = experiment, vocoder, controls
        self.rate = experiment.mel.sample_rate
        self.device = next(diffusion.parameters()).device

    @property
    def seconds(self) -> float:
        """Of the examples in training."""
        frames = self.diffusion.sizes.latent_places * self.autoencoder.sizes.multiple
        return frames / self.experiment.mel.frame_rate

    @torch.inference_mode()
    def tta(self, caption: str, seconds: float | None = None, controls: ControlsT | None = None) -> Waveform:
        """The sound (T,) that a caption describes.

        Args:
            caption: in words.
            seconds: how long; by default as in training.
            controls: those of the system.

        Raises:
            ConfigError: a caption without a word, or over a minute of sound.
            AudioError: what is made is not finite.
        """
        if not caption.strip():
            raise ConfigError("the caption is empty", "say what is to be heard")
        seconds = self.seconds if seconds is None else seconds
        if not 0 < seconds <= LONGEST_SECONDS:
            raise ConfigError(f"{seconds:g} s can't be made", f"ask for {LONGEST_SECONDS:g} s at most")
        controls = self.controls() if controls is None else controls
        vocoder = self.vocoder.named(controls.vocoder)
        mel = self.mel(caption, max(seconds, self.seconds), controls)
        wav = vocoder.vocode(np.maximum(mel, np.float32(self.experiment.mel.silence)))
        wav = wav[: round(seconds * self.rate)]
        require_finite(wav, "what the model makes")
        loudest = float(np.abs(wav).max(initial=0.0))
        peak = min(loudest, 1.0) if controls.peak is None else controls.peak
        scaled: Waveform = wav * np.float32(peak / loudest) if loudest else wav
        return scaled

    def mel(self, caption: str, seconds: float, controls: ControlsT) -> Waveform:
        """The log-mel spectrogram (M, N) of a caption, of so many seconds at least."""
        sizes, multiple = self.diffusion.sizes, self.autoencoder.sizes.multiple
        places = math.ceil(seconds * self.experiment.mel.frame_rate / multiple)
        shape = (1, sizes.latent_channels, sizes.latent_bins, places)
        shown, control = self.read(caption, places)
        latent = self.diffusion.generate(
            self.diffusion.captions([shown]),
            self.diffusion.empty(),
            drawn(controls.seed, shape, self.device),
            controls.steps,
            solver=controls.solver,
            guidance=controls.guidance,
            control=control,
        )
        mel: Waveform = self.autoencoder.decode(latent)[0, 0].float().cpu().numpy()
        return mel

    def read(self, caption: str, places: int) -> tuple[str, Tensor | None]:
        """What the encoder of captions is shown, and what stands beside the latent (1, E, m, places)."""
        return caption, None


def drawn(seed: int, shape: tuple[int, ...], device: torch.device) -> Noise:
    """Noise by the number of its draw, the same on every device."""

    def noise(draw: int) -> Tensor:
        found = np.random.default_rng([seed, draw]).standard_normal(shape, np.float32)
        return torch.from_numpy(found).to(device)

    return noise


def load_networks(
    folder: Path,
    device: str | torch.device,
    network: type[NetworkT],
    experiment: type[ExperimentT],
) -> tuple[MelAutoencoder, NetworkT, ExperimentT, VocoderChoice]:
    """What a bundle with `autoencoder`, `diffusion` and, at will, a vocoder holds.

    Args:
        folder: of the bundle.
        device: where they run.
        network, experiment: classes of the diffusion.

    Raises:
        CheckpointError: one is missing, broken, or of another part.
        ConfigError: the diffusion was trained on other latents.
    """
    autoencoder, of_autoencoder = load_as(
        part_checkpoint(folder, AUTOENCODER), device, MelAutoencoder, AutoencoderExperiment
    )
    diffusion, of_diffusion = load_as(part_checkpoint(folder, DIFFUSION), device, network, experiment)
    require_same_latent(of_diffusion, of_autoencoder)
    return autoencoder, diffusion, of_diffusion, VocoderChoice(folder, of_diffusion.mel, device)
