"""Training of singing voice conversion: what a network is given of a batch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.config import SingingExperiment
from hiervox.models.svc._singing.frames import content_at_frames, energy_of, require_widths
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.modules.functional.masking import sequence_mask
from hiervox.utils.plots import spectrogram_figure

ExperimentT = TypeVar("ExperimentT", bound=SingingExperiment)


class SingingTask(CutTrainingTask[ExperimentT]):
    """A network learns to sing what it was given, from content, F0, loudness and singer."""

    fields: ClassVar[frozenset[str]] = frozenset({"mel", "content", "f0"})

    def batch_fields(self) -> frozenset[str]:
        """With the singers, where the network has a table of them."""
        return self.fields | ({"speaker"} if self.config.model.voice == "table" else set())

    def song(self, batch: Batch) -> Song:
        """What the condition encoder is given.

        Raises:
            ConfigError: the data's content vectors are not as wide as the network's.
        """
        content, mel = batch["content"], batch["mel"]
        require_widths(content.shape[1], self.config.model)
        frames = mel.shape[2]
        f0 = functional.pad(batch["f0"][:, :frames], (0, max(0, frames - batch["f0"].shape[1])))
        return Song(
            content_at_frames(content, frames, self.config.mel.frame_rate),
            f0,
            energy_of(mel),
            sequence_mask(batch["frames"], frames),
        )

    def voice(self, batch: Batch, song: Song) -> Tensor | None:
        """What the network reads the singers from, by the way that the config names."""
        if self.config.model.voice == "table":
            singers: Tensor = batch["speaker"]
            return singers
        return batch["mel"] * song.mask if self.config.model.voice == "reference" else None

    @abstractmethod
    def sung(self, network: SingingNetwork, song: Song, style: Tensor | None) -> Mapping[str, Tensor]:
        """Spectrograms (1, M, N) that `media` shows beside the recorded one, by name."""

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip's spectrogram: recorded, and as the network sings it."""
        first = {name: value[:1] for name, value in batch.items()}
        network = unwrapped(networks[self.main])
        assert isinstance(network, SingingNetwork)
        frames = int(first["frames"])
        first["mel"] = first["mel"][..., :frames]
        song = self.song(first)
        mels = {
            "recorded": first["mel"],
            **self.sung(network, song, network.singer(self.voice(first, song), song)),
        }
        return Media(
            figures={
                f"mel/{name}": spectrogram_figure(mel[0].float().cpu(), name) for name, mel in mels.items()
            }
        )
