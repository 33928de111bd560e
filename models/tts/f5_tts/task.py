"""Training of F5-TTS and E2 TTS (arXiv 2410.06885, section 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.tts.f5_tts.config import F5TtsExperiment
from hiervox.models.tts.f5_tts.networks.f5_tts import Drawn, F5Output, F5Tts, Sampling
from hiervox.models.tts.f5_tts.networks.times import sampling_times
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.counts import real_count
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.plots import spectrogram_figure

SHOWN_STEPS = 16


class F5TtsTask(CutTrainingTask[F5TtsExperiment]):
    """A span of each clip is filled in, by the rest and the text, or without them."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})

    def batch_fields(self) -> frozenset[str]:
        """Recordings, and texts as the model reads them."""
        return self.fields | {self._tokens}

    @property
    def _tokens(self) -> str:
        return "characters" if self.config.features.characters.symbols else "tokens"

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits`; texts that are read as written have no limit."""
        limits = self.config.limits
        if self._tokens == "characters":
            return limits.allow_frames(frames)
        return tokens is not None and limits.allow(frames, tokens)

    def build_networks(self) -> dict[str, nn.Module]:
        """The network under the name `main`."""
        return {self.main: F5Tts(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> F5Output:
        """The training pass. In validation what is drawn depends on the number of clips alone."""
        network = networks[self.main]
        mel = self._mel(batch)
        generator = None if network.training else torch.Generator().manual_seed(len(mel))
        mask = sequence_mask(batch["frames"], mel.shape[2])
        drawn = self._drawn(mel, batch["frames"], generator)
        output: F5Output = network(mel, mask, batch[self._tokens], drawn)
        return output

    def _mel(self, batch: Batch) -> Tensor:
        """(B, M, N) of as many frames as the waveforms have hops."""
        mel = log_mel(batch["wav"], self.config.mel)
        return mel[:, :, : batch["wav"].shape[1] // self.config.mel.hop_length]

    def _drawn(self, mel: Tensor, lengths: Tensor, generator: torch.Generator | None) -> Drawn:
        """Each clip on its own; the published training drops prompt and text of whole batches."""
        config, count = self.config.infilling, len(mel)
        uniform = torch.rand(5, count, generator=generator).to(mel.device)
        share = config.least_span + (config.most_span - config.least_span) * uniform[0]
        neither = uniform[4] < config.without_both
        return Drawn(
            time=uniform[2],
            noise=torch.randn(mel.shape, generator=generator).to(mel.device),
            span=spans(lengths, mel.shape[2], share, uniform[1]),
            without_prompt=(uniform[3] < config.without_prompt) | neither,
            without_text=neither,
        )

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: F5Output, step: int
    ) -> dict[str, Tensor]:
        """`flow`."""
        return {"flow": flow_loss(output)}

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: its log-mel, and its second half filled in behind the first."""
        network = unwrapped(networks[self.main])
        assert isinstance(network, F5Tts)
        frames = int(batch["frames"][0])
        mel = self._mel(batch)[:1, :, :frames]
        known = sequence_mask(batch["frames"][:1] // 2, frames)
        sampling = Sampling(sampling_times(SHOWN_STEPS, sway=-1.0))
        texts = network.texts(batch[self._tokens][:1], frames)
        made = network.sample(torch.randn_like(mel), mel, known, texts, sampling)
        figures = {
            "mel/recorded": spectrogram_figure(mel[0].float().cpu(), "recorded"),
            "mel/filled_in": spectrogram_figure(made[0].float().cpu(), "its second half filled in"),
        }
        return Media(figures=figures)


def spans(lengths: Tensor, frames: int, shares: Tensor, places: Tensor) -> Tensor:
    """Where log-mels are to be filled in, (B, 1, N).

    Args:
        lengths: (B,) frames of each clip.
        frames: N.
        shares: (B,) of its frames.
        places: (B,), 0 at the first possible start, 1 at the last.
    """
    sizes = (shares * lengths).long()
    starts = ((lengths - sizes) * places).long()
    return sequence_mask(starts + sizes, frames) - sequence_mask(starts, frames)


def flow_loss(output: F5Output) -> Tensor:
    """Squared error of the velocity, an element that is to be filled in."""
    error = (output.velocity.float() - output.target.float()).square() * output.span
    return error.sum() / (real_count(output.span) * output.target.shape[1])
