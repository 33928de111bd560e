"""Where the terms of a training go beside its `metrics.jsonl`: the trackers of accelerate."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from accelerate import tracking
from accelerate.tracking import GeneralTracker
from numpy.typing import NDArray

from hiervox.models.base.config import TrackerName
from hiervox.models.base.training.task import Media
from hiervox.utils.errors import ConfigError, one_line
from hiervox.utils.files import write_json
from hiervox.utils.json_files import read_json
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNS_NAME = "trackers.json"
"""The names under which trackers know a run, so that a resumed one goes on in their curves."""
PROJECT = "hiervox"

_log = get_logger("train")


class Trackers:
    """The trackers of one run, on the main process.

    Args:
        names: which.
        folder: for what they write to disk.
        config: of the experiment, which they show.
        run_name: under which they list it.
        step: optimizer steps done; what TensorBoard has of later ones is dropped.

    Raises:
        ConfigError: one is not installed, or can't be reached.
    """

    def __init__(
        self, names: Sequence[TrackerName], folder: Path, config: Mapping[str, Any], run_name: str, step: int
    ) -> None:
        self._folder, self._run_name, self._step = folder, run_name, step
        self._open: dict[str, GeneralTracker] = {}
        for name in names:
            self._open[name] = self._started(name)
            # TensorBoard takes hyperparameters for a run of their own; others keep them of the first start
            if name != "tensorboard" and step == 0:
                self._attempt(name, self._store_config, config)

    def _started(self, name: TrackerName) -> GeneralTracker:
        try:
            tracker: GeneralTracker = _BUILDERS[name](self)
            tracker.start()
        except ImportError as error:
            self.close()
            raise ConfigError(
                f"train.trackers has {name!r}, which is not installed", 'pip install "hiervox[trackers]"'
            ) from error
        except Exception as error:
            self.close()
            raise ConfigError(
                f"train.trackers: {name} does not start ({one_line(str(error))})",
                "mend that, or leave it out",
            ) from error
        return tracker

    def _run_id(self, name: str) -> str:
        """The same at every start of a run."""
        path = self._folder / RUNS_NAME
        known: dict[str, str] = read_json(path) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_hex(8)
            self._folder.mkdir(exist_ok=True)
            write_json(path, known)
        return known[name]

    def _tensorboard(self) -> GeneralTracker:
        return tracking.TensorBoardTracker("", str(self._folder), purge_step=self._step + 1)

    def _wandb(self) -> GeneralTracker:
        self._folder.mkdir(exist_ok=True)
        return tracking.WandBTracker(
            PROJECT,
            dir=str(self._folder),
            name=self._run_name,
            id=self._run_id("wandb"),
            resume="allow",
        )

    def _trackio(self) -> GeneralTracker:
        return tracking.TrackioTracker(
            PROJECT, name=f"{self._run_name}-{self._run_id('trackio')}", resume="allow"
        )

    def _mlflow(self) -> GeneralTracker:
        import mlflow

        if "MLFLOW_TRACKING_URI" not in os.environ:  # beside TensorBoard's; for files it asks for this word
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            mlflow.set_tracking_uri((self._folder / "mlflow").resolve().as_uri())
        name = f"{self._run_name}-{self._run_id('mlflow')}"
        experiment = mlflow.get_experiment_by_name(PROJECT)
        runs = (
            []
            if experiment is None
            else mlflow.search_runs(
                [experiment.experiment_id], f"tags.mlflow.runName = '{name}'", output_format="list"
            )
        )
        known = runs[0].info.run_id if runs else None
        return tracking.MLflowTracker(PROJECT, run_id=known, run_name=None if known else name)

    @staticmethod
    def _store_config(tracker: GeneralTracker, config: Mapping[str, Any]) -> None:
        tracker.store_init_configuration(dict(_flat(config)))

    def _attempt(self, name: str, action: Callable[..., object], *given: object) -> None:
        """A tracker that fails is left out from then on: it is no reason to end a training."""
        try:
            action(self._open[name], *given)
        except Exception as error:
            _log.warning("no more of this run in %s (%s)", name, one_line(str(error)))
            del self._open[name]

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Write scalars by name."""
        for name in tuple(self._open):
            self._attempt(name, _log_values, dict(values), step)

    def show(self, media: Media, step: int) -> None:
        """Write sounds and pictures, to those that take them."""
        for name in _MEDIA.keys() & self._open.keys():
            self._attempt(name, _MEDIA[name], media, step)

    def close(self) -> None:
        """End all."""
        for name in tuple(self._open):
            self._attempt(name, _finish)
        self._open.clear()


def _log_values(tracker: GeneralTracker, values: dict[str, float], step: int) -> None:
    tracker.log(values, step=step)


def _finish(tracker: GeneralTracker) -> None:
    tracker.finish()


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str | float]]:
    """Settings by dotted names."""
    settings: list[tuple[str, str | float]] = []
    for name, value in tree.items():
        if isinstance(value, Mapping):
            settings += _flat(value, f"{prefix}{name}.")
        else:
            settings.append((f"{prefix}{name}", value if isinstance(value, int | float) else str(value)))
    return settings


def _tensorboard_media(tracker: GeneralTracker, media: Media, step: int) -> None:
    writer = tracker.tracker
    for name, (wav, rate) in media.audio.items():
        writer.add_audio(name, wav.float().cpu().reshape(1, -1), step, sample_rate=rate)
    for name, figure in media.figures.items():
        writer.add_figure(name, figure, step, close=False)


def _wandb_media(tracker: GeneralTracker, media: Media, step: int) -> None:
    import wandb

    shown: dict[str, Any] = {
        name: wandb.Audio(wav.float().cpu().reshape(-1).numpy(), sample_rate=rate)
        for name, (wav, rate) in media.audio.items()
    }
    shown |= {name: wandb.Image(_pixels(figure)) for name, figure in media.figures.items()}
    tracker.log(shown, step=step)


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    """(H, W, 4); wandb itself asks for pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


_BUILDERS: dict[str, Callable[[Trackers], GeneralTracker]] = {
    name: getattr(Trackers, f"_{name}") for name in get_args(TrackerName)
}
_MEDIA = {"tensorboard": _tensorboard_media, "wandb": _wandb_media}
