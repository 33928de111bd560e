"""Batch: the lines of a text file or the rows of a table, each to a sound; all of them as one file."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import gradio

from hiervox.bins.serving import jobs
from hiervox.bins.serving.engine import Model
from hiervox.bins.serving.web.making import whole
from hiervox.bins.serving.web.parts import (
    Page,
    Prepare,
    problem,
    run_inputs,
    state,
    stopping,
    table,
    voiced_inputs,
)
from hiervox.bins.serving.web.sounds import links, player
from hiervox.bins.serving.web.speak import request_of
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.utils.errors import ConfigError, HierVoxError, TextError

EXAMPLE = "The first line.\nThe second line."
TABLES = (".csv", ".tsv")
MOST_ROWS = 1_000
MOST_PLAYERS = 50
QUOTED = 80
"""Characters of a text in a row."""


@dataclass(frozen=True)
class Row:
    """A text of a batch.

    Attributes:
        text: what is said.
        name: of its file, without suffix.
        voice: its own; empty for that of the tab.
        state: what became of it.
        url: of its sound, where there is one.
    """

    text: str
    name: str
    voice: str = ""
    state: str = "waits"
    url: str = ""


def tab(page: Page, models: list[Model]) -> None:
    """Make the tab, of models that speak."""
    gradio.Markdown(
        "Each line of a text, or each row of a table with a column `text`, and if wished `voice` and `name`."
    )
    task = models[0].task(TextToSpeech)
    assert task is not None
    with gradio.Row():
        with gradio.Column():
            lines = gradio.Textbox(EXAMPLE, label="Lines", lines=5)
            file = gradio.File(
                label="Or a file (.txt, .csv, .tsv)", file_types=[".txt", *TABLES], type="filepath"
            )
            voiced = voiced_inputs(page, task, page.serving(task))
            run, stop, said = run_inputs("Speak all")
        with gradio.Column():
            files, shown = gradio.HTML(""), gradio.HTML("")
    done = gradio.State([])

    async def speak(lines: str, file: str | None, *values: Any) -> AsyncIterator[list[Any]]:
        asked = voiced.read(values)
        try:
            rows = read_rows(lines, file)
            prompts = await asked.prompts()
        except HierVoxError as error:
            yield [problem(error), "", "", []]
            return
        for number, row in enumerate(rows):
            rows[number] = replace(row, state="is spoken")
            yield [state(f"{number} of {len(rows)}"), "", _shown(rows), list(map(asdict, rows))]

            async def prepared(row: Row = row) -> Prepare:
                own = replace(asked, voice=row.voice) if row.voice else asked
                request = request_of(own, row.text, dict(asked.controls))
                return jobs.speech(page.engine, request, [] if row.voice else prompts)

            try:
                made = await whole(page, prepared)
                url = await page.sounds.keep_wav(f"{row.name}.wav", made.wav, made.rate)
                rows[number] = replace(row, state=f"{made.seconds:.1f} s", url=url)
            except HierVoxError as error:
                rows[number] = replace(row, state=str(error))
        spoken = sum(bool(row.url) for row in rows)
        archive = await asyncio.to_thread(_archive, page, rows)
        yield [state(f"{spoken} of {len(rows)} are there"), archive, _shown(rows), list(map(asdict, rows))]

    async def stopped(done: list[dict[str, str]]) -> list[Any]:
        rows = [Row(**row) for row in done]
        rows = [replace(row, state="stopped") if row.state == "is spoken" else row for row in rows]
        archive = await asyncio.to_thread(_archive, page, rows)
        return [state("stopped"), archive, _shown(rows)]

    outputs = [said, files, shown, done]
    event = run.click(
        speak, [lines, file, *voiced.inputs], outputs, show_progress="hidden", trigger_mode="always_last"
    )
    stopping(stop, [event], stopped, done, [said, files, shown])


def read_rows(lines: str, file: str | None) -> list[Row]:
    """The texts of a batch: those of a file where there is one.

    Raises:
        TextError: it can't be read, or there is no text.
        ConfigError: a table without texts, two files of one name, or too many rows.
    """
    if file is not None:
        try:
            lines = Path(file).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise TextError(f"{Path(file).name} can't be read", "upload a UTF-8 text or table") from error
    if file is not None and Path(file).suffix.lower() in TABLES:
        rows = _table_rows(lines, Path(file))
    else:
        texts = [line.strip() for line in lines.splitlines()]
        rows = [Row(text, f"{number:04d}") for number, text in enumerate(texts, start=1) if text]
    if not rows:
        raise TextError("there is no text", "write one a line")
    if len(rows) > MOST_ROWS:
        raise ConfigError(f"there are {len(rows)} texts", f"send up to {MOST_ROWS} at once")
    if len({row.name for row in rows}) < len(rows):
        raise ConfigError("two rows have one name", "rename one of them")
    return rows


def _table_rows(content: str, file: Path) -> list[Row]:
    reader = csv.DictReader(io.StringIO(content), delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
    if "text" not in (reader.fieldnames or ()):
        raise ConfigError(f"{file.name} has no column 'text'", "name it in the first row")
    rows = []
    for number, cells in enumerate(reader, start=1):
        name = Path((cells.get("name") or "").strip() or f"{number:04d}").name
        text, voice = (cells.get("text") or "").strip(), (cells.get("voice") or "").strip()
        if text:
            rows.append(Row(text, name.removesuffix(".wav"), voice))
    return rows


def _shown(rows: Sequence[Row]) -> str:
    players = 0
    shown = []
    for row in rows:
        players += bool(row.url)
        heard = player(row.url, row.name, preload="none") if row.url and players <= MOST_PLAYERS else ""
        text = row.text if len(row.text) <= QUOTED else f"{row.text[: QUOTED - 1]}…"
        cells = [html.escape(cell) for cell in (row.name, text, row.voice, row.state)]
        shown.append([*cells, heard])
    return table(("Name", "Text", "Voice", "State", "Sound"), shown)


def _archive(page: Page, rows: Sequence[Row]) -> str:
    """A link to the sounds that are there, with their table."""
    if not any(row.url for row in rows):
        return ""
    archive, told = io.BytesIO(), io.StringIO()
    writer = csv.writer(told)
    writer.writerow(("name", "text", "voice", "state"))
    with zipfile.ZipFile(archive, "w") as packed:
        for row in rows:
            writer.writerow((row.name, row.text, row.voice, row.state))
            if row.url:
                packed.write(page.sounds.path(row.url), f"{row.name}.wav")
        packed.writestr("table.csv", told.getvalue())
    return links([("All sounds (zip)", page.sounds.keep("sounds.zip", archive.getvalue()))])
