"""Train: a table of recordings, its report, a config, and a training that goes on without the page."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path
from typing import Any

import gradio

from hiervox.bins.serving.web.controls import plain_inputs
from hiervox.bins.serving.web.parts import Page, problem, recording_of, state, table, told
from hiervox.bins.serving.web.pictures import picture
from hiervox.bins.serving.web.sounds import player
from hiervox.bins.serving.web.training import Training, training_names
from hiervox.models.base.config import TrainConfig
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.training.curves import loss_curves
from hiervox.models.base.training.run_folder import read_metrics
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.plots import curves_figure

REFRESH_SECONDS = 5.0
MOST_BAD = 50
"""Bad recordings that are shown."""


def tab(page: Page) -> None:
    """Make the tab."""
    gradio.Markdown(
        "From a table of recordings on this machine to a model, by the same steps as the commands."
    )
    chosen = gradio.Dropdown(
        [],
        label="Training",
        info="Choose one, or write a new name.",
        allow_custom_value=True,
        interactive=True,
    )
    with gradio.Accordion("Recordings", open=True):
        with gradio.Row():
            path = gradio.Textbox(
                "", label="Table", info="Its path: audio,text,speaker,language as CSV or JSONL."
            )
            speaker = gradio.Textbox("", label="Speaker", info="Of rows that name nobody.")
            language = gradio.Textbox("", label="Language", info="Of rows that name none, such as en-us.")
        check, checked = gradio.Button("Check the recordings"), gradio.HTML(state(""))
        report = gradio.HTML("")
    with gradio.Accordion("Config", open=False):
        part = gradio.Dropdown(_parts(), label="System and part", interactive=True)
        base = gradio.Textbox(
            "", label="Config to begin with", info="Its path, such as a recipe's; empty for defaults."
        )
        with gradio.Row():
            inputs = plain_inputs(TrainConfig)
        more = gradio.Textbox(
            "", label="Further keys", info="KEY=VALUE, one a line, such as data.dev_size=4.", lines=3
        )
        device = gradio.Textbox("auto", label="Device")
    with gradio.Row():
        train, stop, resume = (
            gradio.Button("Train", variant="primary"),
            gradio.Button("Stop"),
            gradio.Button("Resume"),
        )
    said = gradio.HTML(state(""))
    progress, curves, samples = gradio.HTML(""), gradio.HTML(""), gradio.HTML("")
    hear = gradio.Button("Hear samples")

    async def check_table(name: str, path: str, speaker: str, language: str) -> list[Any]:
        try:
            training = Training(name)
            if not path.strip():
                raise ConfigError("no table is named", "write its path")
            file = Path(path.strip()).expanduser()
            found = await asyncio.to_thread(training.check, file, speaker.strip(), language.strip())
            good = f"{found['good']} utterances are good ({found['seconds'] / 60:.1f} min)"
            return [state(f"{good}, {found['set_aside']} set aside"), await _bad(page, training)]
        except HierVoxError as error:
            return [problem(error), gradio.skip()]

    async def begin(name: str, part: str, base: str, more: str, device: str, *values: Any) -> str:
        system, part_name = part.split("/")
        tree: dict[str, Any] = {"system": system, "part": part_name}
        if base.strip():
            tree["base"] = str(Path(base.strip()).expanduser().resolve())
        overrides = [line.strip() for line in more.splitlines() if line.strip()]
        for key, value in zip(inputs, values, strict=True):
            if value not in (None, "", TrainConfig.model_fields[key].default):
                overrides.append(f"train.{key}={value}")
        await asyncio.to_thread(Training(name).begin, tree, overrides, device.strip() or "auto")
        return state("it has begun, and goes on without this page")

    async def end(name: str) -> str:
        Training(name).stop()
        return state("it saves, and ends")

    async def go_on(name: str) -> str:
        await asyncio.to_thread(Training(name).resume)
        return state("it goes on")

    async def shown(name: str) -> list[Any]:
        return await asyncio.to_thread(_shown, name)

    def heard(name: str) -> str:
        try:
            return _samples(page, Training(name))
        except HierVoxError as error:
            return problem(error)

    def names() -> Any:
        found = training_names()
        return gradio.Dropdown(found, value=found[0] if found else None)

    quiet: dict[str, Any] = {"show_progress": "hidden"}
    check.click(check_table, [chosen, path, speaker, language], [checked, report])
    keys = [chosen, part, base, more, device, *inputs.values()]
    event = train.click(told(begin), keys, said, **quiet)
    event.then(shown, chosen, [progress, curves], **quiet)
    stop.click(told(end), chosen, said, **quiet)
    resume.click(told(go_on), chosen, said, **quiet)
    hear.click(heard, chosen, samples, **quiet)
    loaded = page.blocks.load(names, None, chosen, **quiet)
    loaded.then(shown, chosen, [progress, curves], **quiet)
    chosen.change(shown, chosen, [progress, curves], **quiet)
    gradio.Timer(REFRESH_SECONDS).tick(shown, chosen, [progress, curves], **quiet)


def _parts() -> list[str]:
    """SYSTEM/PART of all that can be trained here."""
    return [f"{name}/{part.name}" for name, card in SYSTEMS.items() for part in card.parts if part.task]


async def _bad(page: Page, training: Training) -> str:
    """The recordings that were set aside, to hear where they can be read."""
    bad = training.bad_recordings()
    rows = []
    for row in bad[:MOST_BAD]:
        try:
            sound = await page.sounds.keep_wav("recording.wav", *await recording_of(row["audio"]))
            heard = player(sound, row["id"], preload="none")
        except (HierVoxError, OSError):
            heard = "can't be read"
        rows.append([*(html.escape(row[key]) for key in ("id", "reason", "detail")), heard])
    return (
        table(("Recording", "Reason", "Found", "Sound"), rows) if rows else "<p>All recordings are good.</p>"
    )


def _shown(name: str) -> list[Any]:
    """What is known of a training, and its curves."""
    if name not in training_names():
        return ["", ""]
    training = Training(name)
    under_way = "under way" if training.is_running else "not under way"
    log = f"<pre class='wide'>{html.escape(training.said())}</pre>"
    curves = ""
    if training.metrics.is_file():
        rows, _ = read_metrics(training.metrics)
        if found := loss_curves(rows):
            curves = picture(curves_figure(found), f"Losses of {name}")
    return [state(f"{name} is {under_way}") + log, curves]


def _samples(page: Page, training: Training) -> str:
    rows = []
    for tag, step, data in training.samples():
        url = page.sounds.keep("sample.wav", data)
        rows.append([html.escape(tag), str(step), player(url, tag, preload="none")])
    return table(("Sample", "Step", "Sound"), rows) if rows else "<p>There is none yet.</p>"
