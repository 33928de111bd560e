"""PicoAudio's network (arXiv 2407.02869): a latent diffusion that is told when each event is heard."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor

from hiervox.models.tta._latent.captions import CaptionSizes, PretrainedCaptions
from hiervox.models.tta._latent.diffusion import LatentDiffusion, LatentDiffusionSizes, Target
from hiervox.models.tta._latent.unet import LatentUNetSizes
from hiervox.models.tta.picoaudio.timing import folded, timing_matrix
from hiervox.processors.event_times import Events


class PicoAudioUNetSizes(LatentUNetSizes):
    """The published U-Net's."""

    channels: PositiveInt = 128
    multipliers: tuple[PositiveInt, ...] = Field((1, 2, 4, 4), min_length=1)
    attention: tuple[bool, ...] = (True, True, True, False)
    n_heads: tuple[PositiveInt, ...] = (4, 8, 16, 16)
    context_channels: PositiveInt | None = 1024


class PicoAudioSizes(LatentDiffusionSizes):
    """The network.

    Attributes:
        events: names of those that can be timed, in the order of the matrix's rows.
        n_rows: of the matrix, a multiple of `latent_bins`.
    """

    latent_channels: PositiveInt = 8
    latent_bins: PositiveInt = 16
    latent_places: PositiveInt = 256
    unet: PicoAudioUNetSizes = PicoAudioUNetSizes()
    captions: CaptionSizes = PretrainedCaptions(
        kind="clap", name="laion/clap-htsat-unfused", channels=512, doubled=True
    )
    target: Target = "velocity"
    empty: Literal["caption", "zeros"] = "zeros"
    events: tuple[str, ...] = ()
    n_rows: PositiveInt = 32

    @property
    def control_channels(self) -> int:
        """Of the timing matrix, folded beside the latent."""
        return self.n_rows // self.latent_bins

    @model_validator(mode="after")
    def _rows_fit(self) -> PicoAudioSizes:
        if self.n_rows % self.latent_bins:
            raise ValueError(f"n_rows must be a multiple of latent_bins, {self.latent_bins}")
        if len(self.events) > self.n_rows:
            raise ValueError(f"{len(self.events)} events are more than n_rows, {self.n_rows}")
        return self


class PicoAudio(LatentDiffusion):
    """Captions and times to latents.

    Args:
        sizes: see `PicoAudioSizes`.
    """

    sizes: PicoAudioSizes

    def __init__(self, sizes: PicoAudioSizes) -> None:
        super().__init__(sizes)

    def timing(self, events: Events, places: int, rate: float) -> Tensor:
        """When events are heard, as it stands beside a latent.

        Args:
            events: of names among `sizes.events`.
            places: of the latent.
            rate: places a second.

        Returns:
            (control_channels, latent_bins, places).
        """
        sizes = self.sizes
        matrix = timing_matrix(events, sizes.events, sizes.n_rows, places, rate)
        return torch.from_numpy(folded(matrix, sizes.latent_bins))


def event_caption(events: Events) -> str:
    """What the encoder of captions is shown: the names, as published."""
    return " and ".join(events)
