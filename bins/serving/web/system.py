"""System: the installation, models with their licences, and the queue."""

from __future__ import annotations

import asyncio
import html
from typing import Any

import gradio

from hiervox.bins.doctor import examine
from hiervox.bins.serving.web.parts import Page, problem, state, table
from hiervox.models.base.checkpoints.pretrained import get_pretrained, pretrained_entries
from hiervox.models.base.checkpoints.pretrained_files import fetch, find
from hiervox.utils.errors import ConfigError, HierVoxError

REFRESH_SECONDS = 2.0


def tab(page: Page) -> None:
    """Make the tab."""
    gradio.Markdown("### Queue")
    queue = gradio.HTML(lambda: _queue(page))
    gradio.Timer(REFRESH_SECONDS).tick(lambda: _queue(page), None, queue, show_progress="hidden")
    gradio.Markdown("### Models")
    gradio.HTML(_models(page))
    gradio.Markdown("### Published weights")
    published = gradio.HTML(_published())
    with gradio.Row(equal_height=True):
        name = gradio.Dropdown(list(pretrained_entries()), label="Weights", interactive=True)
        get = gradio.Button("Fetch")
    fetched = gradio.HTML(state(""))
    gradio.Markdown("### Installation")
    look, found = gradio.Button("Look at the installation"), gradio.HTML("")

    async def get_weights(name: str | None) -> list[Any]:
        try:
            if not name:
                raise ConfigError("no weights are chosen", "choose some")
            entry = get_pretrained(name)
            files = await asyncio.to_thread(fetch, entry, False, False)
            told = f"{name} is here ({len(files)} files); next: {entry.usage}"
            return [state(told), _published()]
        except HierVoxError as error:
            return [problem(error), gradio.skip()]

    get.click(get_weights, name, [fetched, published])
    look.click(lambda: _installation(), None, found)


def _queue(page: Page) -> str:
    engine = page.engine
    ready = "ready" if engine.ready else "opening the first model"
    return state(
        f"{ready}; {engine.in_flight} of {engine.most} requests are being answered, on {engine.device}"
    )


def _models(page: Page) -> str:
    rows = []
    for model in page.engine.models.values():
        for task, (card, _) in model.systems.items():
            rows.append([html.escape(cell) for cell in (model.name, task, card.name, card.weights_licence)])
    return table(("Model", "Task", "System", "Licence of the weights"), rows)


def _published() -> str:
    rows = []
    for entry in pretrained_entries().values():
        licence, here = entry.licences.weights.partition(":")[0], "yes" if find(entry) is not None else "no"
        rows.append([html.escape(cell) for cell in (entry.name, entry.summary, licence, here)])
    return table(("Weights", "What they are", "Licence", "Here"), rows)


def _installation() -> str:
    rows = [
        [html.escape(cell) for cell in (check.state, check.name, check.detail, check.hint)]
        for check in examine()
    ]
    return table(("State", "What", "Found", "What to do"), rows)
