"""The rows of the tables: trainings of this machine, and those that the folder `scores` keeps of others.

A row's folder holds `about.json`, what it cost and its figures, and a table of scores for each list, by which
later systems can be tested against it. A row without these tables is shown, and tested against none.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from budget import seconds_of
from trials import RESYNTHESIS, WAVS_NAME, Trial, trials

sys.path.append(str(Path(__file__).parents[3] / "common" / "local"))
from machine import machine

from hiervox.evaluation.table import GROUND_TRUTH
from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, find_checkpoint, load_weights, read_json
from hiervox.utils.errors import DataError
from hiervox.utils.files import write_json, write_text

ABOUT_NAME = "about.json"
COLUMNS = ("wer", "cer", "sim", "f0_pearson", "dnsmos_ovrl")
"""Of an utterance, that systems are compared by."""

Scores = dict[str, dict[str, dict[str, float]]]
"""Name in the tables → utterance → column → value."""


@dataclass(frozen=True)
class Row:
    """One system at one budget.

    Attributes:
        system, mark: as of a `Trial`.
        about: date, machine, parameters (millions), seconds by name, rtf, hash of the training set, and of
            every list its hash and figures by name in the tables.
        scores: of each list.
    """

    system: str
    mark: str
    about: Mapping[str, Any]
    scores: Mapping[str, Scores] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As tables call it."""
        return f"{self.system} {self.mark}"

    def figures(self, which: str, sha256: str) -> dict[str, Any]:
        """Of a list, by name in the tables; nothing where the list was another one."""
        found = self.about["lists"].get(which, {"sha256": "", "figures": {}})
        figures: dict[str, Any] = found["figures"] if found["sha256"] == sha256 else {}
        return figures

    def write(self, folder: Path) -> None:
        """Into a folder of the row's name, for `kept_rows`."""
        own = folder / f"{self.system}-{self.mark.replace(':', '-')}"
        own.mkdir(parents=True, exist_ok=True)
        write_json(own / ABOUT_NAME, dict(self.about))
        for which, scores in self.scores.items():
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(["system", "id", *COLUMNS])
            for name, utterances in scores.items():
                for one, values in utterances.items():
                    cells = (f"{values[key]:.6g}" if key in values else "" for key in COLUMNS)
                    writer.writerow([name, one, *cells])
            write_text(own / f"{which}.csv", text.getvalue())


def read_scores(path: Path) -> Scores:
    """Of `hiervox evaluate`, or as `Row.write` leaves them."""
    found: Scores = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            values = {key: float(line[key]) for key in COLUMNS if line.get(key)}
            found.setdefault(line["system"], {})[line["id"]] = values
    return found


def kept_rows(folder: Path) -> list[Row]:
    """Those of a folder that `Row.write` wrote into.

    Raises:
        DataError: a row can't be read.
    """
    rows = []
    for path in sorted(folder.glob(f"*/{ABOUT_NAME}")):
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            scores = {table.stem: read_scores(table) for table in sorted(path.parent.glob("*.csv"))}
            rows.append(Row(about["system"], about["mark"], about, scores))
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"no usable {path}", "write it anew, or take its folder away") from error
    return rows


def trained_rows(exp: Path, summaries: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    """Those of EXP; `summaries` are `summary.json` by list."""
    tables = {
        which: read_scores(path)
        for which in summaries
        if (path := exp / "evaluation" / which / "utterances.csv").is_file()
    }
    for trial in trials(exp):
        names = (f"{RESYNTHESIS} {trial.name}", trial.name)
        lists = {
            which: {
                "sha256": list_hash(exp, which),
                "figures": {
                    name: summary["systems"][name]["figures"] for name in names if name in summary["systems"]
                },
            }
            for which, summary in summaries.items()
        }
        speed = trial.folder / WAVS_NAME / "synthetic" / "speed.json"
        noted = read_json(speed) if speed.is_file() else None
        about = {
            "system": trial.system,
            "mark": trial.mark,
            "date": str(datetime.date.today()),
            "machine": machine(),
            "parameters": round(parameters_of(trial), 2),
            "seconds": {name: round(seconds, 1) for name, seconds in trial.costs().items()},
            "rtf": noted and round(noted["work"] / noted["speech"], 3),
            "training_set": set_hash(exp),
            "lists": {which: found for which, found in lists.items() if found["figures"]},
        }
        scores = {
            which: {name: table[name] for name in names if name in table} for which, table in tables.items()
        }
        yield Row(trial.system, trial.mark, about, {which: found for which, found in scores.items() if found})


def all_rows(own: Sequence[Row], kept: Sequence[Row]) -> list[Row]:
    """By system and budget; what was trained here counts before what was kept under the same name."""
    rows = {row.name: row for row in (*kept, *own)}
    return sorted(rows.values(), key=lambda row: (row.system, seconds_of(row.mark)))


def list_hash(exp: Path, which: str) -> str:
    """Of the frozen list."""
    path = exp / "lists" / f"{which}.sha256"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def set_hash(exp: Path) -> str:
    """Of the training set."""
    path = exp / "set" / "training_set.json"
    return str(read_json(path)["sha256"]) if path.is_file() else ""


def merged(exp: Path, which: str, summary: dict[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The summary of a list with the rows that were evaluated elsewhere, and everything compared anew."""
    from hiervox.evaluation.comparison import compare_systems

    systems = {name: summary["systems"][name] for name in summary["systems"] if name == GROUND_TRUTH}
    own = exp / "evaluation" / which / "utterances.csv"
    tables = read_scores(own) if own.is_file() else {}
    for prefix in (f"{RESYNTHESIS} ", ""):
        for row in rows:
            figures = row.figures(which, list_hash(exp, which)).get(prefix + row.name)
            if figures:
                systems[prefix + row.name] = {"figures": figures}
                tables |= {
                    name: found for name, found in row.scores.get(which, {}).items() if name not in tables
                }
    speakers = speakers_of(exp / "lists" / f"{which}.csv")
    comparisons = {}
    for column in COLUMNS:
        values = {
            name: {one: scores[column] for one, scores in tables[name].items() if column in scores}
            for name in systems
            if name in tables
        }
        comparisons[column] = [vars(pair) for pair in compare_systems(values, speakers)]
    untested = [name for name in systems if name not in tables and name != GROUND_TRUTH]
    return {**summary, "systems": systems, "comparisons": comparisons, "untested": untested}


def speakers_of(path: Path) -> dict[str, str]:
    """Utterance → speaker, of a frozen list."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        return {line["id"]: line.get("speaker", "") for line in csv.DictReader(stream)}


def parameters_of(trial: Trial) -> float:
    """Millions of weights of what speaks; 0 where it is not there."""
    bundle = sorted((trial.folder / "model").glob(f"*/{WEIGHTS_NAME}"))
    runs = [path.parent for path in (trial.folder / "runs").glob("*/checkpoints")]
    files = bundle or [find_checkpoint(run) / WEIGHTS_NAME for run in runs]
    return sum(tensor.numel() for file in files for tensor in load_weights(file).values()) / 1e6
