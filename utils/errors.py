"""The one family of errors that a user can correct.

The command line prints a `HierVoxError` as a single line and exits with code 2; anything else is a
defect of the program and keeps its traceback.
"""

from __future__ import annotations

MOST_CHARACTERS = 600
"""Of a message's half; names and texts that it quotes have no bound."""


class HierVoxError(Exception):
    """A user's mistake, or something missing that the user can supply.

    Args:
        problem: what is wrong, naming the file, key or text at fault.
        hint: what to do about it.
    """

    def __init__(self, problem: str, hint: str = "") -> None:
        self.problem = one_line(problem)
        self.hint = one_line(hint)
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.problem}: {self.hint}" if self.hint else self.problem


def reason(error: BaseException) -> str:
    """What to say of an exception inside another message."""
    return str(error) if isinstance(error, HierVoxError) else f"{type(error).__name__}: {error}"


def one_line(text: str) -> str:
    """A text with single spaces; characters that don't show or that steer a terminal become their codes."""
    line = " ".join(text.split())
    if len(line) > MOST_CHARACTERS:
        line = f"{line[: MOST_CHARACTERS // 2]} … {line[-MOST_CHARACTERS // 2 :]}"
    return "".join(_shown(char) for char in line)


def _shown(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def shortened(value: object, length: int = 60) -> str:
    """What a message quotes of a value: its beginning, if it is long."""
    quoted = repr(value)
    return quoted if len(quoted) <= length else f"{quoted[: length - 1]}…"


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
