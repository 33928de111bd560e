"""What to say: from an argument, an option, a file or standard input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import OptionGroup
from hiervox.utils.errors import ConfigError, TextError

STANDARD_INPUT = STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class Text:
    """A text to speak.

    Attributes:
        place: what messages call it.
        text: plain or SSML.
    """

    place: str
    text: str


@dataclass(frozen=True)
class TextOptions(OptionGroup):
    """What to say, and the sounds that become of it."""

    words: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What to say; - reads standard input.")
    ] = None
    text: Annotated[str | None, typer.Option(help="What to say, plain or SSML, any length.")] = None
    text_file: Annotated[Path | None, typer.Option(help="A text file: one text, or one a line.")] = None
    out: Annotated[
        str | None, typer.Option("--out", "-o", help="The sound file; - streams to standard output.")
    ] = None
    out_dir: Annotated[
        Path | None, typer.Option(help="With --text-file, a file for each line: 0001.wav is line 1.")
    ] = None

    def read(self) -> dict[Path, Text]:
        """Sound file → what is said in it.

        Raises:
            ConfigError: what is said or where it goes is not clear.
            TextError: a text file that can't be read, or is empty.
        """
        if [self.words, self.text, self.text_file].count(None) != 2:
            raise ConfigError("what to say is not clear", "give one of a text, --text and --text-file")
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
