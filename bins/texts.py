"""What to say: from an argument, an option, a file or standard input."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import OptionGroup
from hiervox.bins.rows import NO_VOICE, TEXT, OwnVoice, TableOption, read_rows
from hiervox.utils.errors import ConfigError, TextError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.subtitles import Cue

STANDARD_INPUT = STANDARD_OUTPUT = "-"
TIMED = (".srt", ".vtt")
MOST_WORDS, MOST_LETTERS = 6, 40
"""Of a text, that name a file."""


@dataclass(frozen=True)
class Text:
    """A text to speak.

    Attributes:
        place: what messages call it.
        text: plain or SSML.
        cues: of subtitles, each spoken from its time on; none of other texts.
        like: whom a row of a table speaks like.
    """

    place: str
    text: str
    cues: tuple[Cue, ...] = ()
    like: OwnVoice = NO_VOICE


@dataclass(frozen=True)
class TextOptions(OptionGroup):
    """What to say, and the sounds that become of it."""

    words: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What to say; - reads standard input.")
    ] = None
    text: Annotated[str | None, typer.Option(help="What to say, plain or SSML, any length.")] = None
    text_file: Annotated[
        Path | None,
        typer.Option(
            help="A text file: one text, or one a line; or subtitles (.srt, .vtt), spoken at their times."
        ),
    ] = None
    table: TableOption = None
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            help="The sound file; - streams to standard output. Default: it is played, or written.",
        ),
    ] = None
    out_dir: Annotated[
        Path | None,
        typer.Option(
            help="With --text-file, a file for each line: 0001.wav is line 1; with --table, each row."
        ),
    ] = None

    @property
    def is_open(self) -> bool:
        """Whether one text is to be spoken, and nothing says where to."""
        return all(given is None for given in (self.out, self.out_dir, self.text_file, self.table))

    def in_free_file(self) -> TextOptions:
        """The same with a file that is called as the text begins and is not there yet."""
        said = (self.words if self.text is None else self.text) or ""
        words = re.findall(r"[A-Za-z0-9]+", re.sub(r"<[^>]*>", " ", said).lower())
        stem = "-".join(words[:MOST_WORDS])[:MOST_LETTERS].strip("-") or "speech"
        names = chain([f"{stem}.wav"], (f"{stem}-{number}.wav" for number in count(2)))
        return replace(self, out=next(name for name in names if not Path(name).exists()))

    def read(self) -> dict[Path, Text]:
        """Sound file → what is said in it.

        Raises:
            ConfigError: what is said or where it goes is not clear.
            TextError: a text file that can't be read, or is empty.
            DataError: a table that can't be read.
        """
        if [self.words, self.text, self.text_file, self.table].count(None) != 3:
            raise ConfigError(
                "what to say is not clear", "give one of a text, --text, --text-file and --table"
            )
        if self.table is not None:
            rows = read_rows(self.table, TEXT, self.out, self.out_dir)
            return {target: Text(row.place, row.content, like=row.like) for target, row in rows.items()}
        if (self.out is None) == (self.out_dir is None):
            raise ConfigError("where to write is not clear", "give --out, or --text-file and --out-dir")
        if self.text_file is not None:
            return self._of_file(self.text_file)
        if self.out is None:
            raise ConfigError("one text makes one file", "give --out, and no --out-dir")
        text = self.words if self.text is None else self.text
        assert text is not None
        if text == STANDARD_INPUT:
            return {Path(self.out): Text("standard input", _standard_input())}
        return {Path(self.out): Text("the text", text)}

    def _of_file(self, text_file: Path) -> dict[Path, Text]:
        """All of a file for one sound, or each of its lines for one."""
        try:
            content = text_file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise TextError(
                f"can't read the text file {text_file} ({error})", "name a UTF-8 text file"
            ) from error
        if not content.strip():
            raise TextError(f"{text_file} holds no text", "write one sentence a line")
        if text_file.suffix.lower() in TIMED:
            if self.out in (None, STANDARD_OUTPUT):
                raise ConfigError("subtitles make one sound file", "give --out")
            from hiervox.models.base.pipelines.subtitles import read_cues

            cues = tuple(read_cues(content, str(text_file)))
            return {Path(str(self.out)): Text(str(text_file), content, cues)}
        if self.out is not None:
            return {Path(self.out): Text(str(text_file), content)}
        assert self.out_dir is not None
        return {
            self.out_dir / f"{number:04d}.wav": Text(f"line {number} of {text_file}", line.strip())
            for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), start=1)
            if line.strip()
        }


def _standard_input() -> str:
    try:
        content = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"standard input is not UTF-8 ({error})", "pipe UTF-8 text in") from error
    if not content.strip():
        raise TextError("standard input holds no text", "pipe some text in")
    return content
