"""The page: a tab for each task that the models serve, and those for voices, comparisons, batches, training.

Tabs follow the protocols of the registered tasks, and their inputs the control models of the systems, so that
a new system or task needs no line here. Handlers make the same requests as clients of the server do.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import gradio
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.datastructures import Headers, MutableHeaders

from hiervox.bins.serving.answers import Metrics
from hiervox.bins.serving.bodies import Limits
from hiervox.bins.serving.engine import Engine, tasks_of
from hiervox.bins.serving.web import batch, compare, convert, restore, speak, system, train, voices
from hiervox.bins.serving.web.parts import Page
from hiervox.bins.serving.web.sounds import Sounds
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.tasks import TASKS

HOSTS = ("127.0.0.1", "localhost")
"""Names that the page is asked for by; other sites' names may lead to this machine, too."""
OWN_ALONE = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
"""The page's content security policy: nothing comes from or goes to other hosts."""
KEPT_SECONDS = 3600
"""Of files that were made or uploaded."""
FONTS, MONOSPACED = ("system-ui", "sans-serif"), ("ui-monospace", "monospace")
STYLE = """
.problem {color: #b91c1c} .dark .problem {color: #fca5a5}
.state, .problem {min-height: 1.5em}
audio {width: 100%; max-width: 32rem}
figure {margin: 0 0 1em} .picture {max-width: 100%; height: auto; background: white}
.wide {overflow-x: auto} .wide td, .wide th {padding: .2em .8em .2em 0; text-align: left; vertical-align: top}
.links a {text-decoration: underline}
"""

SOUNDING = (speak, convert)
"""Tabs for each task of a protocol."""


def mount_page(app: FastAPI, engine: Engine, metrics: Metrics) -> None:
    """Put the page at the root of a server of this machine.

    Args:
        app: of the server.
        engine: its models.
        metrics: its metrics, in which the page's sounds count.
    """
    sounds = Sounds()
    sounds.mount(app)
    blocks = _blocks(engine, metrics, sounds)
    blocks.queue(default_concurrency_limit=None)
    theme = gradio.themes.Default(font=FONTS, font_mono=MONOSPACED)
    app.add_middleware(_OwnAlone)
    gradio.mount_gradio_app(
        app,
        blocks,
        "/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        max_file_size=Limits().size,
        theme=theme,
        css=STYLE,
    )


def _blocks(engine: Engine, metrics: Metrics, sounds: Sounds) -> Any:
    kept = (KEPT_SECONDS, KEPT_SECONDS)
    with gradio.Blocks(title="HierVox", analytics_enabled=False, delete_cache=kept) as blocks:
        page = Page(engine, metrics, sounds, blocks)
        gradio.Markdown("# HierVox")
        for module in SOUNDING:
            for number, task in enumerate(tasks_of(module.PROTOCOL)):
                if page.serving(task):
                    with gradio.Tab(f"{module.WORD}: {task}" if number else module.WORD):
                        said = TASKS[task].summary
                        gradio.Markdown(f"{said[:1].upper()}{said[1:]}.")
                        module.tab(page, task)
        speaking = [model for model in engine.models.values() if model.task(TextToSpeech)]
        if speaking:
            with gradio.Tab("Voices"):
                voices.tab(page, speaking)
            with gradio.Tab("Compare"):
                compare.tab(page, speaking)
            with gradio.Tab("Batch"):
                batch.tab(page, speaking)
        if kinds := restore.kinds_of(page):
            with gradio.Tab(restore.WORD):
                restore.tab(page, kinds)
        with gradio.Tab("Train"):
            train.tab(page)
        with gradio.Tab("System"):
            system.tab(page)
        for model, voice, task in page.voices:
            refresh = page.refresher(task)
            blocks.load(refresh, model, voice, show_progress="hidden")
            model.input(refresh, model, voice, show_progress="hidden")
    return blocks


class _OwnAlone:
    """Refuses what pages of other sites ask for, and lets the page ask for nothing elsewhere."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        is_elsewhere = origin is not None and urlsplit(origin).netloc != host
        if is_elsewhere or urlsplit(f"//{host}").hostname not in HOSTS:
            refusal = PlainTextResponse(f"open the page as http://{HOSTS[0]}, not from another site", 403)
            await refusal(scope, receive, send)
            return

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = OWN_ALONE
            await send(message)

        await self._app(scope, receive, guarded)
