"""What to say: from an argument, an option, a file or standard input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from hiervox.utils.errors import ConfigError, TextError

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Text:
    """A text to speak.

    Attributes:
        place: what messages call it.
        text: plain or SSML.
    """

    place: str
    text: str


def read_texts(
    text: str | None, text_file: Path | None, out: str | None, out_dir: Path | None, twice: bool
) -> dict[Path, Text]:
    """Sound file → what is said in it.

    Args:
        text: as argument or option; `-` for standard input.
        text_file: in its stead.
        out, out_dir: one file for all, or a folder with one for each line of the file.
        twice: whether a text was given as argument and as option.

    Raises:
        ConfigError: what is said or where it goes is not clear.
        TextError: a text file that can't be read, or is empty.
    """
    if (text is None) == (text_file is None) or twice:
        raise ConfigError("what to say is not clear", "give one of a text, --text and --text-file")
    if (out is None) == (out_dir is None):
        raise ConfigError("where to write is not clear", "give --out, or --text-file and --out-dir")
    if text_file is None:
        if out is None:
            raise ConfigError("one text makes one file", "give --out, and no --out-dir")
        assert text is not None
        if text == STANDARD_INPUT:
            return {Path(out): Text("standard input", _standard_input())}
        return {Path(out): Text("the text", text)}
    try:
        content = text_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(
            f"can't read the text file {text_file} ({error})", "name a UTF-8 text file"
        ) from error
    if not content.strip():
        raise TextError(f"{text_file} holds no text", "write one sentence a line")
    if out is not None:
        return {Path(out): Text(str(text_file), content)}
    assert out_dir is not None
    return {
        out_dir / f"{number:04d}.wav": Text(f"line {number} of {text_file}", line.strip())
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
