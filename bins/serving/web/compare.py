"""Compare: one text by several models, voices or seeds, blind where wished, and to a listening test."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import json
import random
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio

from hiervox.bins.serving import jobs
from hiervox.bins.serving.engine import Model
from hiervox.bins.serving.schema import SpeechRequest
from hiervox.bins.serving.web.making import whole
from hiervox.bins.serving.web.parts import Page, Prepare, problem, state, stopping, table
from hiervox.bins.serving.web.sounds import links, player
from hiervox.evaluation.listening.design import design, key
from hiervox.evaluation.listening.page import listening_page
from hiervox.evaluation.table import Utterance
from hiervox.models.base.pipelines.controls import DEFAULT_SEED
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.utils.errors import ConfigError, HierVoxError

MOST, FIRST = 6, 2
LETTERS = "ABCDEF"
TEXT = "The same words, once more, in another voice."


@dataclass(frozen=True)
class Entry:
    """One of what is compared.

    Attributes:
        model, voice, seed: how it was spoken.
        url: of its sound.
    """

    model: str
    voice: str
    seed: int
    url: str = ""

    @property
    def name(self) -> str:
        """What tells it from others."""
        return f"{self.model}, {self.voice or 'own voice'}, seed {self.seed}"


def tab(page: Page, models: list[Model]) -> None:
    """Make the tab, of models that speak."""
    gradio.Markdown("One text by up to six models, voices or seeds.")
    text = gradio.Textbox(TEXT, label="Text", lines=2)
    count = gradio.Slider(2, MOST, FIRST, step=1, label="How many")
    names = [model.name for model in models]
    rows, inputs = [], []
    for number in range(MOST):
        with gradio.Row(visible=number < FIRST) as row:
            model = gradio.Dropdown(names, value=names[0], label=f"Model {LETTERS[number]}", interactive=True)
            voice = gradio.Dropdown([], label=f"Voice {LETTERS[number]}", interactive=True)
            seed = gradio.Number(
                DEFAULT_SEED + number, precision=0, minimum=0, label=f"Seed {LETTERS[number]}"
            )
        task = models[0].task(TextToSpeech)
        assert task is not None
        page.voices.append((model, voice, task))
        rows.append(row)
        inputs += [model, voice, seed]
    is_blind = gradio.Checkbox(
        False, label="Blind", info="In another order, without names, until they are shown."
    )
    with gradio.Row():
        run, reveal, stop = (
            gradio.Button("Compare", variant="primary"),
            gradio.Button("Show names"),
            gradio.Button("Stop"),
        )
        to_test = gradio.Button("To a listening test")
    said, heard, files = gradio.HTML(state("")), gradio.HTML(""), gradio.HTML("")
    made = gradio.State([])

    def shown(wanted: float) -> list[Any]:
        return [gradio.Row(visible=number < wanted) for number in range(MOST)]

    async def compare(text: str, wanted: float, blind: bool, *values: Any) -> AsyncIterator[list[Any]]:
        entries = [Entry(*values[start : start + 3]) for start in range(0, 3 * int(wanted), 3)]
        done: list[Entry] = []
        yield [state("waiting"), "", "", []]
        try:
            for entry in entries:
                done.append(await _spoken(page, text, entry))
                yield [state(f"{len(done)} of {len(entries)}"), gradio.skip(), "", gradio.skip()]
            if blind:
                random.SystemRandom().shuffle(done)
            yield [state(f"{len(done)} sounds"), _players(done, blind), "", [text, *map(asdict, done)]]
        except HierVoxError as error:
            yield [problem(error), gradio.skip(), gradio.skip(), gradio.skip()]

    async def test(made: list[Any]) -> list[Any]:
        try:
            if not made:
                raise ConfigError("there is nothing to test", "compare first")
            text, *entries = made
            archive = await asyncio.to_thread(
                _listening_test, page, text, [Entry(**entry) for entry in entries]
            )
            return [state("a page for listeners, and its key"), links([("Listening test (zip)", archive)])]
        except HierVoxError as error:
            return [problem(error), ""]

    count.input(shown, count, rows, show_progress="hidden")
    event = run.click(
        compare, [text, count, is_blind, *inputs], [said, heard, files, made], show_progress="hidden"
    )
    stopping(stop, [event], lambda: state("stopped"), None, said)
    reveal.click(
        lambda made: _players([Entry(**entry) for entry in made[1:]], False),
        made,
        heard,
        show_progress="hidden",
    )
    to_test.click(test, made, [said, files], show_progress="hidden")


async def _spoken(page: Page, text: str, entry: Entry) -> Entry:
    async def prepared() -> Prepare:
        if not text.strip():
            raise ConfigError("there is no text", "write what is to be said")
        options = {"controls": {"seed": entry.seed}}
        request = SpeechRequest(model=entry.model, input=text, voice=entry.voice or "", hiervox=options)
        return jobs.speech(page.engine, request)

    made = await whole(page, prepared)
    url = await page.sounds.keep_wav("compared.wav", made.wav, made.rate)
    return Entry(entry.model, entry.voice or "", entry.seed, url)


def _players(entries: Sequence[Entry], blind: bool) -> str:
    rows = [
        (letter, player(entry.url, f"Sound {letter}"), "" if blind else html.escape(entry.name))
        for letter, entry in zip(LETTERS, entries, strict=False)
    ]
    return table(("", "Sound", "" if blind else "What it is"), rows)


def _listening_test(page: Page, text: str, entries: Sequence[Entry]) -> str:
    """A zip of the sounds, their table, the page of an A/B test and its key."""
    if len({entry.name for entry in entries}) < len(entries):
        raise ConfigError(
            "two of the sounds are the same", "change a model, voice or seed, and compare again"
        )
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(("id", "system", "audio", "text"))
        utterances = []
        for number, (letter, entry) in enumerate(zip(LETTERS, entries, strict=False), start=2):
            file = folder / f"{letter}.wav"
            file.write_bytes(page.sounds.path(entry.url).read_bytes())
            writer.writerow(("1", entry.name, file.name, text))
            utterances.append(Utterance(number, "1", entry.name, file, text))
        trials = design(utterances, "ab", [], None, 0)
        told = json.dumps(key(trials, "ab"), indent=2, ensure_ascii=False)
        contents = {
            "test.html": listening_page(trials, "ab"),
            "test.key.json": told,
            "table.csv": rows.getvalue(),
        }
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in contents.items():
                packed.writestr(name, content)
            for utterance in utterances:
                packed.write(utterance.audio, utterance.audio.name)
    return page.sounds.keep("listening_test.zip", archive.getvalue())
