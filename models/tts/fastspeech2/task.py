"""Training of FastSpeech 2 (arXiv 2006.04558, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.tts._variance.targets import variance_targets
from hiervox.models.tts._variance.variance_adaptor import VarianceTargets
from hiervox.models.tts.fastspeech2.config import FastSpeech2Experiment
from hiervox.models.tts.fastspeech2.losses import fastspeech2_losses
from hiervox.models.tts.fastspeech2.network import FastSpeech2, FastSpeech2Output
from hiervox.modules.functional.masking import sequence_mask
from hiervox.utils.plots import spectrogram_figure


class FastSpeech2Task(CutTrainingTask[FastSpeech2Experiment]):
    """The network learns from given durations, pitch and energy, and to predict them."""

    fields: ClassVar[frozenset[str]] = frozenset(
        {"mel", "tokens", "durations", "f0", "energy", "speaker", "wav"}
    )

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": FastSpeech2(self.config.model)}

    def targets(self, batch: Batch) -> VarianceTargets:
        """Durations, pitch and energy of the recordings."""
        mask = sequence_mask(batch["frames"], batch["mel"].shape[2])
        return variance_targets(self.config.model, batch["f0"], batch["energy"], mask, batch["durations"])

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> FastSpeech2Output:
        """The network's pass, with what is given of the recordings."""
        output: FastSpeech2Output = networks["main"](
            batch["tokens"],
            batch["token_lengths"],
            self.targets(batch),
            self._style(networks["main"], batch),
            batch["mel"].shape[2],
        )
        return output

    def teacher_forced(self, network: nn.Module, batch: Batch) -> Tensor:
        """Log-mel (B, M, N) with what is given of the recordings, for vocoders that are to learn from it."""
        return self.forward({"main": network}, batch).post_net_mel

    def _style(self, network: nn.Module, batch: Batch) -> Tensor | None:
        """Of the speaker's number, or of the clip itself, by the way that the config names."""
        own = unwrapped(network)
        assert isinstance(own, FastSpeech2)
        mask = sequence_mask(batch["frames"], batch["mel"].shape[2])
        return own.clip_style(batch["speaker"], batch["mel"], mask)

    def losses(
        self,
        phase: str,
        networks: Mapping[str, nn.Module],
        batch: Batch,
        output: FastSpeech2Output,
        step: int,
    ) -> dict[str, Tensor]:
        """`mel`, `post_net_mel`, `duration`, `pitch` and `energy`."""
        token_mask = sequence_mask(batch["token_lengths"], batch["tokens"].shape[1])
        return fastspeech2_losses(output, batch["mel"], token_mask)

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip's spectrogram: recorded, with what is given, and predicted."""
        first = {name: value[:1] for name, value in batch.items()}
        frames = int(first["frames"])
        tokens = first["tokens"][:, : int(first["token_lengths"])]
        network: FastSpeech2 = networks["main"]  # type: ignore[assignment]
        style = self._style(network, first)
        predicted = network.infer(tokens, first["token_lengths"], style).post_net_mel[0]
        mels = {
            "recorded": first["mel"][0, :, :frames],
            "given": self.forward(networks, first).post_net_mel[0, :, :frames],
            "predicted": predicted,
        }
        return Media(
            figures={
                f"mel/{name}": spectrogram_figure(mel.float().cpu(), name)
                for name, mel in mels.items()
                if mel.shape[1] > 1
            }
        )
