"""What the training tasks of all vocoders have in common."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.registry import get_part
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.vocoder.config import VocoderExperiment, VocoderExperimentT
from hiervox.modules.functional.interpolation import interpolate_unvoiced
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.plots import spectrogram_figure
from hiervox.utils.registry import resolve


def build_network(config: VocoderExperiment) -> nn.Module:
    """The network that the card of the experiment's system names."""
    network: nn.Module = resolve(get_part(config.system, config.part).network)(config.model)
    return network


class PredictedMels(CutTrainingTask[VocoderExperimentT]):
    """A task whose network learns from the spectrograms of an acoustic model, where the config names one.

    That is how a vocoder is fine-tuned on what it will be given (GTA). Losses compare with the recordings.
    """

    def batch_fields(self) -> frozenset[str]:
        """With `features.predicted_by`, also its spectrograms."""
        predicted = {"predicted_mel"} if self.config.features.predicted_by is not None else set()
        return self.fields | predicted

    def input_mel(self, batch: Batch) -> Tensor:
        """What the network is to make sound of: (B, M, N), predicted or of the batch's waveforms."""
        if "predicted_mel" in batch:
            mel: Tensor = batch["predicted_mel"]
            return mel
        return log_mel(batch["wav"], self.config.mel)

    def input_frames(self, batch: Batch) -> Tensor:
        """`input_mel` with a frame for every hop."""
        return self.input_mel(batch)[..., : batch["wav"].shape[-1] // self.config.mel.hop_length]


def whole_frames(wav: Tensor, mel: SpectrogramConfig) -> Tensor:
    """Log-mel spectrogram of (B, T) with a frame for every hop: (B, M, T // hop_length)."""
    return log_mel(wav, mel)[..., : wav.shape[-1] // mel.hop_length]


def frame_f0(batch: Batch, frames: int) -> Tensor | None:
    """F0 (B, frames) of a batch that has it; a frame that is missing is unvoiced."""
    if "f0" not in batch:
        return None
    f0: Tensor = batch["f0"][:, :frames]
    return torch.nn.functional.pad(f0, (0, frames - f0.shape[1]))


def run(network: nn.Module, mel: Tensor, f0: Tensor | None = None) -> Tensor:
    """mel (B, M, N) → waveform (B, 1, T), with the source signal that the network makes itself."""
    inner = unwrapped(network)
    assert isinstance(inner, VocoderGenerator)
    if f0 is not None and inner.continuous_f0:
        f0 = interpolate_unvoiced(f0)
    source = inner.source_signal(mel, f0)
    wav: Tensor = network(mel) if source is None else network(mel, source)
    return wav


@torch.no_grad()
def compared(real: Tensor, fake: Tensor, mel: SpectrogramConfig) -> Media:
    """A recorded and a generated waveform (T,), to listen to and as pictures."""
    sounds = {"recorded": real, "generated": fake.float().clamp(-1, 1)}
    return Media(
        audio={name: (wav, mel.sample_rate) for name, wav in sounds.items()},
        figures={
            f"mel/{name}": spectrogram_figure(log_mel(wav[None], mel)[0].cpu(), name)
            for name, wav in sounds.items()
        },
    )
