"""Training on cuts: what the tasks of several systems share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from hiervox.models.base.data.batch import Batch, Split
from hiervox.models.base.data.features import require_features
from hiervox.models.base.data.index import CutIndex
from hiervox.models.base.data.loader import CutLoader
from hiervox.models.base.data.pronunciation import require_languages
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.data.shards import features_folder, open_corpus
from hiervox.models.base.data.vocabulary import require_symbols
from hiervox.models.base.training.task import ExperimentT, TrainingTask
from hiervox.processors.text.config import TextConfig
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.logging import get_logger

_log = get_logger("train")


class CutTrainingTask(TrainingTask[ExperimentT]):
    """A task whose batches come from `config.data.cuts` by a `CutLoader`.

    Attributes:
        fields: names of the features that its batches hold (`hiervox.models.base.features`).
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})
    _loader: CutLoader | None = None

    def batch_fields(self) -> frozenset[str]:
        """What the batches of this experiment hold: `fields`, and what its config adds."""
        return self.fields

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether to train on an utterance of so many frames and tokens (None where it has none)."""
        return True

    def loader(
        self, split: Split, *, epoch: int, skip_batches: int, rank: int, world_size: int
    ) -> Iterable[Batch]:
        """The batches of one epoch, once the feature folder has been compared with the config.

        Raises:
            ConfigError: the folder was made with other features than `config.features`, or holds texts that
                `config.text` does not declare.
            DataError: the data can't be used.
        """
        if self._loader is None:
            self._require_features()
            self._loader = CutLoader(self.config, self.batch_fields(), self.usable)
            self._require_text(self._loader.splits.index)
            if (split, epoch, skip_batches, rank) == ("train", 0, 0, 0):
                self._warn_of_left_out_symbols(self._loader.splits.index)
        return self._loader.batches(
            split,
            epoch=epoch,
            skip_batches=skip_batches,
            rank=rank,
            world_size=world_size,
            pins=self.pins_batches,
        )

    def data_fingerprint(self) -> str | None:
        """Of the manifest's cuts, wherever their files are."""
        return open_corpus(self.config.data).fingerprint

    def _require_features(self) -> None:
        folder = features_folder(self.config.data)
        if not folder.is_dir():
            raise DataError(f"no feature folder {self.config.data.cuts}", "make it with `hiervox extract`")
        require_features(folder, FeatureSetup.of(self.config), self.batch_fields())

    def _require_text(self, index: CutIndex) -> None:
        text = getattr(self.config, "text", None)
        if not isinstance(text, TextConfig) or "tokens" not in self.batch_fields():
            return
        require_symbols(features_folder(self.config.data), text)
        require_languages(index.languages, text, str(self.config.data.cuts))

    def _warn_of_left_out_symbols(self, index: CutIndex) -> None:
        left_out = index.left_out if "tokens" in self.batch_fields() else None
        if left_out:
            named = ", ".join(
                f"{symbol} (U+{ord(symbol):04X}) {count} times" for symbol, count in left_out.most_common(8)
            )
            _log.warning(
                "the texts of %s lost symbols that the model lacks: %s; `hiervox vocabulary` makes room",
                self.config.data.cuts,
                named,
            )


def require_semantic_channels(batch: Batch, wanted: int) -> None:
    """Refuse a batch whose semantic vectors are not as wide as the network's `model.semantic_channels`.

    Raises:
        ConfigError: naming both widths.
    """
    given = batch["semantic"].size(1)
    if given != wanted:
        raise ConfigError(
            f"the data's semantic vectors have {given} channels, but model.semantic_channels is {wanted}",
            f"set model.semantic_channels to {given}, or extract other features",
        )
