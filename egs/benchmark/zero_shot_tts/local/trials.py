"""What was trained and spoken: EXP/SYSTEM/MARK, one folder a trial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from budget import noted, seconds_of, trained

MODEL_NAME, WAVS_NAME, NOTE_NAME = "model", "wavs", "spent.jsonl"
CHARGES_NAME = "charged.txt"
CODEC_SUFFIX = ".codec"
RESYNTHESIS = "resynthesis"


@dataclass(frozen=True)
class Trial:
    """One system at one budget.

    Attributes:
        system: its name.
        folder: of the budget; its name is the mark with `-` for `:`.
    """

    system: str
    folder: Path

    @property
    def mark(self) -> str:
        """Such as `cpu:1h`."""
        return self.folder.name.replace("-", ":", 1)

    @property
    def name(self) -> str:
        """As tables call it."""
        return f"{self.system} {self.mark}"

    def costs(self) -> dict[str, float]:
        """Seconds of features, charges and networks, by name."""
        own: dict[str, float] = {}
        charged = self.folder / CHARGES_NAME
        for one in charged.read_text(encoding="utf-8").split() if charged.is_file() else ():
            name, _, seconds = one.partition("=")
            own[name] = float(seconds)
        for note in (self.folder.parent / NOTE_NAME, self.folder / NOTE_NAME):
            own |= noted(note)
        return own | trained(self.folder / "runs")


def trials(exp: Path) -> list[Trial]:
    """All that have a folder, by system and budget."""
    found = [
        Trial(folder.parent.name, folder)
        for folder in exp.glob("*/[cg]pu-*")
        if (folder / MODEL_NAME).is_dir() or (folder / WAVS_NAME).is_dir()
    ]
    return sorted(found, key=lambda trial: (trial.system, seconds_of(trial.mark)))


def spoken(exp: Path, which: str) -> Iterator[tuple[str, Path]]:
    """Name in the tables and folder of what was spoken of a list; codecs' resynthesis first."""
    for suffix, prefix in ((CODEC_SUFFIX, f"{RESYNTHESIS} "), ("", "")):
        for trial in trials(exp):
            folder = trial.folder / WAVS_NAME / f"{which}{suffix}"
            if any(folder.glob("*.wav")):
                yield f"{prefix}{trial.name}", folder
