"""The one family of errors that a user can mend.

The command line prints a `HierVoxError` as a single line and exits with code 2; anything else is a
defect of the program and keeps its traceback.
"""

from __future__ import annotations


class HierVoxError(Exception):
    """A user's mistake, or a missing piece that the user can supply.

    Args:
        problem: what is wrong, naming the file, key or text at fault.
        mend: what to do about it.
    """

    def __init__(self, problem: str, mend: str = "") -> None:
        self.problem = " ".join(problem.split())
        self.mend = " ".join(mend.split())
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.problem}: {self.mend}" if self.mend else self.problem


class ConfigError(HierVoxError):
    """A config file, key or override that can't be used."""


class AudioError(HierVoxError):
    """A sound that can't be read, used or written."""


class TextError(HierVoxError):
    """A text that can't be spoken."""


class DataError(HierVoxError):
    """A corpus table, manifest or feature store that can't be used."""


class CheckpointError(HierVoxError):
    """Weights or a training state that can't be loaded."""


class DependencyError(HierVoxError):
    """A package, program or model file that is not there."""


class TrainingError(HierVoxError):
    """A training that can't go on: a loss that is not finite, a run folder in the way."""
