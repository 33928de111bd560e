"""Write a page with ten sentences by each system at its largest budget, as Opus within the page."""

from __future__ import annotations

import argparse
import base64
import csv
import html
import io
import sys
from pathlib import Path

import soundfile
from trials import spoken

from hiervox.processors.audio import read_audio
from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.files import write_text

SENTENCES = 10
RATE = 16_000
MOST_BYTES = 3_000_000
STYLE = (
    "body{font:15px sans-serif;margin:2em auto;max-width:60em;padding:0 1em}"
    "audio{width:15em;height:2em}td{padding:.2em .6em}h2{font-size:1em;margin:1.5em 0 .3em}"
)


def player(path: Path) -> str:
    """An audio element with the recording in it."""
    wav, _ = read_audio(path, RATE)
    sound = io.BytesIO()
    soundfile.write(sound, wav, RATE, format="OGG", subtype="OPUS")
    coded = base64.b64encode(sound.getvalue()).decode()
    return f'<audio controls preload="none" src="data:audio/ogg;base64,{coded}"></audio>'


def largest(systems: dict[str, Path]) -> dict[str, Path]:
    """The last of each system's budgets, which are in order."""
    last = {name.rpartition(" ")[0]: (name, folder) for name, folder in systems.items()}
    return dict(last.values())


def kept_players(text: str) -> dict[str, dict[str, str]]:
    """Sentence → what spoke → its audio element, of an earlier page."""
    found: dict[str, dict[str, str]] = {}
    sentence = ""
    for row in text.splitlines():
        if row.startswith("<h2>"):
            sentence = html.unescape(row.removeprefix("<h2>").partition("</h2>")[0])
        elif row.startswith("<tr><td>"):
            name, _, element = row.removeprefix("<tr><td>").partition("<td>")
            found.setdefault(sentence, {})[html.unescape(name)] = element
    return found


def page(
    rows: list[dict[str, str]], systems: dict[str, Path], kept: dict[str, dict[str, str]] | None = None
) -> str:
    """Sentences that are apart in the list, so that many voices are heard; `kept` are of an earlier page."""
    chosen = rows[:: max(1, len(rows) // SENTENCES)][:SENTENCES]
    parts = [f'<!doctype html><meta charset="utf-8"><title>Sentences by budget</title><style>{STYLE}</style>']
    parts.append("<h1>Ten sentences in voices that no training has heard</h1>")
    for row in chosen:
        parts.append(f"<h2>{html.escape(row['text'])}</h2><table>")
        sounds = {"prompt": Path(row["prompt"]), "recording": Path(row["reference"])}
        sounds |= {name: folder / f"{row['id']}.wav" for name, folder in systems.items()}
        players = {name: player(path) for name, path in sounds.items() if path.is_file()}
        players = (kept or {}).get(row["text"], {}) | players
        parts += [f"<tr><td>{html.escape(name)}<td>{element}" for name, element in players.items()]
        parts.append("</table>")
    return "\n".join(parts) + "\n"


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exp", type=Path, required=True)
    parser.add_argument("--list", default="synthetic")
    parser.add_argument("--kept", type=Path, help="a page whose sounds of other systems are taken along")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if not any(spoken(arguments.exp, arguments.list)):
        raise DataError(f"nothing was spoken of the list {arguments.list}", "run the stage speak before")
    with (arguments.exp / "lists" / f"{arguments.list}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    kept = kept_players(arguments.kept.read_text(encoding="utf-8")) if arguments.kept else {}
    written = page(rows, largest(dict(spoken(arguments.exp, arguments.list))), kept)
    if len(written) > MOST_BYTES:
        raise DataError(f"the page has {len(written)} bytes", f"fewer than {MOST_BYTES} are kept")
    write_text(arguments.out, written)


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"sound_page.py: {error}")
