"""A long text through the page, played to its end: `python -m tests.bins.serving.web.long_text`.

Opens the page in a browser, has the default voice speak a text, and plays what comes, faster where that
is asked for, until the player is at its end. Prints a Markdown table, and fails where the player ends at
another place than the sound that was made.
"""

from __future__ import annotations

import io
import re
import tempfile
import time
from pathlib import Path
from typing import Annotated

import soundfile
import typer

from hiervox.models.base.benchmark.streams import sentences
from tests.bins.serving.web.browser import opened_page

PLAYER = "document.querySelector('audio[autoplay]')"
MOST_SECONDS = 3600.0
"""Of all of it."""
MOST_DIFFERENCE = 0.1
"""Seconds between the end of what was played and of what was made."""


def main(
    count: Annotated[int, typer.Option("--sentences", min=1, help="Of the text.")] = 135,
    rate: Annotated[float, typer.Option(min=1, max=16, help="How many times as fast it is played.")] = 4.0,
) -> None:
    """Print what came; exit 1 where the player ended too early or too late."""
    text = sentences(count)
    with tempfile.TemporaryDirectory() as folder, opened_page(Path(folder)) as opened:
        panel, page = opened.tab("Speak"), opened.page
        panel.locator("textarea").first.fill(text)
        begun = time.monotonic()
        opened.click(panel, "Speak")
        page.wait_for_function(f"() => {PLAYER}?.currentTime > 0", timeout=MOST_SECONDS * 1000)
        first = time.monotonic() - begun
        page.evaluate(f"rate => {{{PLAYER}.playbackRate = rate}}", rate)
        said = panel.get_by_role("status").first
        opened.expect(said).to_have_text(re.compile("made in"), timeout=MOST_SECONDS * 1000)
        made = said.inner_text()
        page.wait_for_function(f"() => {PLAYER}.ended", timeout=MOST_SECONDS * 1000)
        ended, played = time.monotonic() - begun, page.evaluate(f"{PLAYER}.currentTime")
        link = panel.get_by_text("Sound (WAV)")
        opened.expect(link).to_be_visible(timeout=MOST_SECONDS * 1000)
        seconds = soundfile.info(io.BytesIO(opened.fetched(link))).duration
    rows = {
        "text": f"{count} sentences, {len(text)} characters",
        "sound": f"{seconds / 60:.1f} min ({made})",
        "until it was heard": f"{first:.1f} s",
        f"until it was played to its end, {rate:g} times as fast": f"{ended:.0f} s",
        "place of the player at its end, over the length of the sound": f"{played:.2f} s, {seconds:.2f} s",
    }
    typer.echo("| measured | value |\n|---|---|")
    for name, value in rows.items():
        typer.echo(f"| {name} | {value} |")
    raise typer.Exit(int(abs(played - seconds) > MOST_DIFFERENCE))


if __name__ == "__main__":
    typer.run(main)
