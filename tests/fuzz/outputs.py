"""Verbs with random outputs under random names of what is there: `python -m tests.fuzz.outputs --minutes 5`.

Each try runs a verb in a folder of recordings, tables, manifests, models and foreign files. Afterwards what
the verb read, what it was not told to write, and, without `--overwrite`, everything must be as before.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import soundfile
import typer
from typer.testing import CliRunner

from hiervox.bins.app import ENVIRONMENT_ERRORS, app
from hiervox.models.base.data.index import _open
from hiervox.utils.errors import HierVoxError
from tests.models.base.pipelines.toys import CARDS, registered, write_toy
from tests.textgrids import TEXTGRID

REPORTS = ("utterances.csv", "summary.json", "list.json", "summary.md", "report.html", "scores/0.jsonl")
FEATURES = ("features.json", "text.json", "corpus.json", "cuts.jsonl.gz", "extract_failures.csv")
CONFIG = '{system: "hifigan", part: "hifigan", out_dir: "run", data: {cuts: "x"}}'


@dataclass(frozen=True)
class Command:
    """A verb with its inputs.

    Attributes:
        words: of the command line, without the outputs.
        reads: files and folders.
        files: options of outputs that are files → the suffix that they must have.
        folders: options of outputs that are folders → what is written there.
        overwrites: whether there is `--overwrite`.
    """

    words: tuple[str, ...]
    reads: tuple[str, ...]
    files: Mapping[str, str]
    folders: Mapping[str, tuple[str, ...]]
    overwrites: bool = True


COMMANDS = (
    Command(("vocode", "a.wav", "--model", "vocoder"), ("a.wav", "vocoder"), {"-o": ".wav"}, {}),
    Command(("vocode", "mel.npy", "--model", "vocoder"), ("mel.npy", "vocoder"), {"-o": ".flac"}, {}),
    Command(("codec", "encode", "a.wav", "--model", "codec"), ("a.wav", "codec"), {"-o": ""}, {}),
    Command(("codec", "decode", "a.codes", "--model", "codec"), ("a.codes", "codec"), {"-o": ".wav"}, {}),
    Command(("tta", "A tone.", "--model", "tta", "--seconds", "0.2"), ("tta",), {"-o": ".wav"}, {}),
    Command(("vocabulary", "--cuts", "data"), ("data/cuts.jsonl.gz", "a.wav", "b.wav"), {"--out": ""}, {}),
    Command(
        ("align", "--cuts", "data", "--from", "mfa"),
        ("data/cuts.jsonl.gz", "a.wav", "b.wav", "mfa"),
        {"--ctm": ""},
        {"--out": ("cuts.jsonl.gz", "align_failures.csv"), "--textgrid": ("a.TextGrid", "b.TextGrid")},
    ),
    Command(
        ("align", "--cuts", "data/cuts.jsonl.gz", "--from", "in.ctm"),
        ("data/cuts.jsonl.gz", "a.wav", "b.wav", "in.ctm"),
        {"--ctm": ""},
        {"--out": ("cuts.jsonl.gz", "align_failures.csv")},
    ),
    Command(
        ("prepare", "--table", "corpus.csv"),
        ("corpus.csv", "a.wav", "b.wav"),
        {},
        {"--out": ("cuts.jsonl.gz",)},
    ),
    Command(
        ("validate", "--cuts", "data"),
        ("data/cuts.jsonl.gz", "a.wav", "b.wav"),
        {},
        {"--out": ("cuts.jsonl.gz", "quarantine.jsonl.gz", "report.csv")},
        overwrites=False,
    ),
    Command(
        ("extract", "--cuts", "data", "--config", "conf.json5", "--device", "cpu"),
        ("data/cuts.jsonl.gz", "a.wav", "b.wav", "conf.json5"),
        {},
        {"--out": FEATURES},
        overwrites=False,
    ),
    Command(
        ("listening", "page", "--table", "table.csv"), ("table.csv", "a.wav", "b.wav"), {"--out": ".html"}, {}
    ),
    Command(
        ("listening", "score", "answers.json", "--key", "test.key.json"),
        ("answers.json", "test.key.json"),
        {},
        {"--out": ("listening.md", "listening.json", "ratings.csv")},
    ),
    Command(
        ("evaluate", "--table", "table.csv", "--metrics", "energy", "--device", "cpu", "--players", "none"),
        ("table.csv", "a.wav", "b.wav"),
        {},
        {"--out": REPORTS},
    ),
)
FOLDERS = ("data", "door", "mfa", "empty", "foreign", "codec", "new", "new/er", "loop", "notes.txt", ".")
BESIDE = {
    ".wav": (".json", ".spectrogram.png", ".pitch.png", ".alignment.png"),
    ".flac": (".json",),
    ".html": (),
    "": (),
}


@contextmanager
def world(folder: Path) -> Iterator[Path]:
    """A folder with what the commands read, foreign files and special ones."""
    place, before = folder / "world", Path.cwd()
    place.mkdir(parents=True)
    os.chdir(place)
    try:
        with registered(*CARDS):
            for name in "ab":
                soundfile.write(f"{name}.wav", 0.3 * np.sin(np.arange(9600) / 9), 16_000)
            Path("corpus.csv").write_text("audio,text,speaker\na.wav,One.,x\nb.wav,Two.,y\n")
            Path("table.csv").write_text("id,system,audio,reference\n1,x,a.wav,a.wav\n1,y,b.wav,a.wav\n")
            Path("conf.json5").write_text(CONFIG)
            Path("in.ctm").write_text("a 1 0.0 0.6 w\nb 1 0.0 0.6 w\n")
            Path("notes.txt").write_text("mine")
            np.save("mel.npy", np.zeros((80, 7), np.float32))
            for name in ("mfa", "empty", "foreign"):
                Path(name).mkdir()
            for name in "ab":
                Path("mfa", f"{name}.TextGrid").write_text(TEXTGRID)
            for name in (*REPORTS, *FEATURES, "ratings.csv"):
                Path("foreign", Path(name).name).write_text("id,system,audio,text\nmine\n")
            for task in ("vocoder", "codec", "tta"):
                write_toy(place / task, task)
            _done("prepare", "--table", "corpus.csv", "--out", "data")
            _done("codec", "encode", "a.wav", "--model", "codec", "-o", "a.codes")
            _done("listening", "page", "--table", "table.csv", "--out", "test.html")
            key = json.loads(Path("test.key.json").read_text())
            rated = [{"trial": trial, "value": 4} for trial in key["trials"]]
            answers = {"listener": "anna", "test": key["test"], "answers": rated}
            Path("answers.json").write_text(json.dumps(answers))
            os.mkfifo("pipe")
            Path("device").symlink_to("/dev/null")
            Path("loop").symlink_to("loop")
            Path("nowhere").symlink_to("absent")
            Path("door").symlink_to("data")
            yield place
    finally:
        os.chdir(before)


def _done(*words: str) -> None:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, f"{words}: {result.exception!r} {result.output}"


def contents(place: Path) -> dict[str, tuple[str, bytes]]:
    """Name → kind and content of everything in a folder but indices, which reading a manifest makes."""
    found = {}
    for root, folders, files in os.walk(place):
        for name in (*files, *(folder for folder in folders if Path(root, folder).is_symlink())):
            path = Path(root, name)
            if ".index" in str(path):
                continue
            if path.is_symlink():
                found[str(path)] = ("link", os.readlink(path).encode())
            elif path.is_file():
                found[str(path)] = ("file", path.read_bytes())
            else:
                found[str(path)] = ("special", b"")
    return found


class Try:
    """A command with random outputs.

    Args:
        rng: of the choices.
        place: the world, the working directory.
    """

    def __init__(self, rng: random.Random, place: Path) -> None:
        self.rng, self.place = rng, place
        self.command = rng.choice(COMMANDS)
        self.overwrite = rng.random() < 0.7
        self.told: set[str] = set()
        words = list(self.command.words)
        for option, suffix in self.command.files.items():
            name = self._file(suffix)
            self._tell(name, BESIDE[suffix])
            if suffix == ".html":
                self._tell(str(Path(name).with_suffix(".key.json")), ())
            words += [option, name]
        for option, names in self.command.folders.items():
            folder = self._folder(names)
            for name in names:
                self._tell(f"{folder}/{name}", ())
            words += [option, folder]
        self.words = [*words, *(["--overwrite"] if self.overwrite and self.command.overwrites else [])]

    def _tell(self, name: str, beside: tuple[str, ...]) -> None:
        """A name may be written to: the entry in its folder itself, whatever it leads to."""
        for suffix in ("", *beside):
            path = Path(name + suffix)
            self.told.add(os.path.join(os.path.realpath(path.parent), path.name))

    def _existing(self) -> Path:
        files = [path for path in sorted(self.place.rglob("*")) if ".index" not in str(path)]
        named = [Path(name) for name in self.command.reads if self.rng.random() < 0.5]
        return (self.place / self.rng.choice(named or files)).absolute()

    def _file(self, suffix: str) -> str:
        target = self._existing()
        if target.is_dir() and not target.is_symlink() and self.rng.random() < 0.9:
            target = self.rng.choice(sorted(target.iterdir()) or [target])
        if self.rng.random() < 0.1:
            target = self.place / f"new{suffix}"
        elif suffix and target.suffix != suffix:
            target = self._linked(target, self.place / f"link{suffix}")
        elif self.rng.random() < 0.3:
            target = self._linked(target, self.place / f"link{target.suffix}")
        return self._spelled(target)

    def _linked(self, target: Path, link: Path) -> Path:
        if link.is_symlink() or link.exists():
            return link
        if target.is_file() and self.rng.random() < 0.5:
            link.hardlink_to(target.resolve())
        else:
            link.symlink_to(target if self.rng.random() < 0.5 else os.path.relpath(target, link.parent))
        return link

    def _folder(self, names: tuple[str, ...]) -> str:
        folders = [
            "data",
            "door",
            "mfa",
            "empty",
            "foreign",
            "codec",
            "new",
            "new/er",
            "loop",
            "notes.txt",
            ".",
        ]
        folder = self.place / self.rng.choice(folders)
        if folder.is_dir() and self.rng.random() < 0.4:
            name = folder / self.rng.choice(names)
            if name.parent.is_dir():
                self._linked(self._existing(), name)
        return self._spelled(folder)

    def _spelled(self, path: Path) -> str:
        """One of the many names of a path."""
        name = os.path.relpath(path)
        return self.rng.choice(
            [
                name,
                f"./{name}",
                str(path),
                f"data/../{name}",
                f"absent/../{name}",
                f"door/../{name}",
                f"{self.place.parent}/world/{name}",
                f"/proc/self/cwd/{name}",
                name.replace("data/", "door/", 1),
                name.replace("/", "//"),
            ]
        )

    def run(self) -> str:
        """What came of it: `written`, `refused`, or what is wrong."""
        before = contents(self.place)
        reads = self._inputs()
        result = CliRunner().invoke(app, self.words)
        after = contents(self.place)
        error = result.exception
        expected = isinstance(error, HierVoxError | SystemExit | None) or (
            isinstance(error, OSError) and error.errno in ENVIRONMENT_ERRORS
        )
        if not expected:
            return f"traceback: {error!r}"
        now = self._inputs()
        if lost := [file.name for file, content in reads.items() if now.get(file) != content]:
            return f"inputs are lost: {lost}"
        if not Path("/dev/null").is_char_device():
            return "a device is lost"
        changed = {name for name, what in before.items() if after.get(name) != what}
        if changed and not self.overwrite:
            return f"without --overwrite: {sorted(changed)}"
        if special := [name for name in changed if self._is_special(*before[name])]:
            return f"special files: {special}"
        if foreign := changed - self.told:
            return f"not told: {sorted(foreign)}"
        if error is not None and (changed or set(after) - set(before)):
            return f"refused, but written: {sorted(changed | (set(after) - set(before)))}"
        return "refused" if error is not None else "written"

    def _inputs(self) -> dict[Path, bytes]:
        """What is read; a link that a try has put among it is no file of its own."""
        named = [self.place / name for name in self.command.reads]
        files = [file for path in named for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
        return {file: file.read_bytes() for file in files if file.is_file() and not file.is_symlink()}

    @staticmethod
    def _is_special(kind: str, content: bytes) -> bool:
        return kind == "special" or (kind == "link" and content in (b"/dev/null", b"loop"))


def main(
    minutes: Annotated[float, typer.Option(help="In all.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Of all choices.")] = 0,
) -> None:
    """Print tries, what was written, refused, and each thing that is wrong; exit 1 where anything is."""
    counts, rng, end = Counter[str](), random.Random(seed), time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as place:
        pristine = Path(folder) / "pristine"
        copy(place, pristine)
        while time.monotonic() < end:
            counts[attempt(rng, place, pristine)] += 1
    typer.echo(
        f"{counts.total()} tries, {counts.pop('written', 0)} written, {counts.pop('refused', 0)} refused"
    )
    sys.exit(1 if counts else 0)


def attempt(rng: random.Random, place: Path, pristine: Path) -> str:
    """One try, after which the world is as before."""
    each = Try(rng, place)
    outcome = each.run()
    if outcome not in ("written", "refused"):
        typer.echo(f"{' '.join(each.words)}\n  {outcome}")
    _open.cache_clear()  # the index of a manifest goes with it
    for entry in place.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    copy(pristine, place)
    return outcome


def copy(source: Path, target: Path) -> None:
    """Everything in a folder into another, links as links, pipes as pipes, times kept."""
    target.mkdir(exist_ok=True)
    for entry in source.iterdir():
        if entry.is_symlink():
            (target / entry.name).symlink_to(os.readlink(entry))
        elif entry.is_dir():
            copy(entry, target / entry.name)
        elif entry.is_file():
            shutil.copy2(entry, target / entry.name)
        else:
            os.mkfifo(target / entry.name)


if __name__ == "__main__":
    typer.run(main)
