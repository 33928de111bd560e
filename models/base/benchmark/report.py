"""Results of a benchmark as Markdown and JSON."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import torch

from hiervox.models.base.benchmark.growth import Growth
from hiervox.models.base.benchmark.models import ModelResult
from hiervox.models.base.benchmark.networks import OURS, PUBLISHED, Result
from hiervox.models.base.benchmark.streams import Moment
from hiervox.models.base.benchmark.training import TrainingResult
from hiervox.utils.errors import ConfigError
from hiervox.utils.timing import Timing, ratios

Row = Sequence[str]
RATIO_HEADERS = ("times faster [least, most]", "difference")
KEYS = ("workload", "threads", "on a GPU", "training step", "device", "dtype", "batch")
"""Headers of the columns that tell a table's rows apart."""


def machine() -> dict[str, Any]:
    """What the figures depend on beside the code."""
    return {
        "date": date.today().isoformat(),
        "processor": platform.processor() or platform.machine(),
        "cores": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def network_rows(results: Sequence[Result]) -> list[Row]:
    """A header and a row a workload and setting. Times are processor seconds, in brackets those waited.

    On a GPU they are milliseconds until it is done.
    """
    beside = any(PUBLISHED in result.timings for result in results)
    if any(result.gpu is not None for result in results):
        return _gpu_rows(results, beside)
    header = ["workload", "threads", *(["published (s)"] if beside else []), "ours (s)"]
    header += [*(RATIO_HEADERS if beside else ()), "real-time factor", "memory (MB)"]
    return [header, *(_network_row(result, beside) for result in results)]


def _network_row(result: Result, beside: bool) -> Row:
    ours, published = result.timings[OURS], result.timings.get(PUBLISHED)
    length = result.setting.size.seconds * result.setting.size.batch
    dtype = "" if result.setting.dtype == "float32" else f", {result.setting.dtype}"
    cells = [result.workload + dtype, str(result.setting.threads or torch.get_num_threads())]
    if beside:
        cells.append("" if published is None else _times(published))
    cells.append(_times(ours))
    if beside and published is not None:
        least, median, most = ratios(published, ours)
        cells.append(f"{median:.2f} [{least:.2f}, {most:.2f}]")
        cells.append(_error(result))
    elif beside:
        cells += ["", ""]
    return [*cells, f"{ours.median('wall') / length:.3f}", f"{result.memory / 1e6:.0f}"]


def _gpu_rows(results: Sequence[Result], beside: bool) -> list[Row]:
    header = ["on a GPU", "dtype", "batch", *(["published (ms)"] if beside else []), "ours (ms)"]
    header += [*(RATIO_HEADERS if beside else ()), "real-time factor", "memory (MB)"]
    return [header, *(_gpu_row(result, beside) for result in results)]


def _gpu_row(result: Result, beside: bool) -> Row:
    ours, published, size = result.timings[OURS], result.timings.get(PUBLISHED), result.setting.size
    cells = [result.workload, result.setting.dtype, str(size.batch)]
    if published is not None:
        least, median, most = ratios(published, ours, "wall")
        cells += [f"{1e3 * published.median('wall'):.2f}", f"{1e3 * ours.median('wall'):.2f}"]
        cells += [f"{median:.2f} [{least:.2f}, {most:.2f}]", _error(result)]
    else:
        blank = [""] if beside else []
        cells += [*blank, f"{1e3 * ours.median('wall'):.2f}", *blank, *blank]
    factor = ours.median("wall") / (size.seconds * size.batch)
    return [*cells, f"{factor:.5f}", f"{result.memory / 1e6:.0f}"]


def _error(result: Result) -> str:
    return "" if result.difference is None else f"{result.difference:.1e}"


def _times(timing: Timing) -> str:
    return f"{timing.median():.3f} ({timing.median('wall'):.3f})"


def training_rows(results: Sequence[TrainingResult]) -> list[Row]:
    """A header and a row a part and setting. A step is processor seconds and, in brackets, those waited.

    On a GPU it is seconds until it is done.
    """
    header = ["training step", "device", "dtype", "batch", "length (s)", "parameters (M)", "step (s)"]
    return [[*header, "memory (MB)"], *(_training_row(result) for result in results)]


def _training_row(result: TrainingResult) -> Row:
    setting, threads = result.setting, result.setting.threads or torch.get_num_threads()
    timing, on_gpu = result.timing, result.gpu is not None
    return [
        result.case,
        result.gpu or f"CPU, {threads} thread{'s' if threads > 1 else ''}",
        setting.dtype,
        str(setting.size.batch),
        f"{setting.size.seconds:.2f}",
        f"{result.parameters / 1e6:.1f}",
        f"{timing.median('wall'):.4f}" if on_gpu else _times(timing),
        f"{result.memory / 1e6:.0f}",
    ]


def model_rows(results: Sequence[ModelResult]) -> list[Row]:
    """A header and a row for each task of a model."""
    header = ["task", "sound (s)", "whole (s)", "first sound (s)", "real-time factor", "memory (MB)"]
    return [
        header,
        *(
            [
                result.task,
                f"{result.seconds:.1f}",
                _times(result.whole),
                "" if result.first is None else _times(result.first),
                f"{result.whole.median('wall') / result.seconds:.3f}",
                f"{result.memory / 1e6:.0f}",
            ]
            for result in results
        ),
    ]


def stream_rows(moments: Sequence[Moment]) -> list[Row]:
    """A header and a row a moment of a stream."""
    return [
        ["sound (s)", "elapsed (s)", "processor (s)", "memory (MB)"],
        *(
            [
                f"{moment.audio:.1f}",
                f"{moment.elapsed:.2f}",
                f"{moment.processor:.2f}",
                f"{moment.resident / 1e6:.0f}",
            ]
            for moment in moments
        ),
    ]


def growth_rows(results: Sequence[Growth]) -> list[Row]:
    """A header and a row a size. Memory is all that the process held."""
    return [
        ["what grows", "size", "sound (s)", "time (s)", "time per second of sound (s)", "memory (MB)"],
        *(
            [
                result.axis,
                str(result.size),
                f"{result.sound:.1f}",
                _times(result.timing),
                f"{result.timing.median() / result.sound:.3f}",
                f"{result.memory / 1e6:.0f}",
            ]
            for result in results
        ),
    ]


def agreement_rows(differences: Mapping[str, float]) -> list[Row]:
    """A header and a row a comparison."""
    return [["waveforms", "at most"], *([name, f"{value:.1e}"] for name, value in differences.items())]


def markdown(rows: Sequence[Row]) -> str:
    """A Markdown table; the first row is the header."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def updated(text: str, rows: Sequence[Row]) -> str:
    """A document with rows in place of those of the same table whose cells under `KEYS` are the same.

    Args:
        text: with a table under the same header, to which new workloads are added.
        rows: the header and the rows, as of `network_rows`.

    Raises:
        ConfigError: there is no such table.
    """
    lines, (header, *new) = text.splitlines(), rows
    wanted = markdown([header]).splitlines()
    starts = [place for place in range(1, len(lines)) if lines[place - 1 : place + 1] == wanted]
    if not starts:
        raise ConfigError(
            "the document has no table for these figures", f"put this header there: {wanted[0]}"
        )
    first = last = starts[0] + 1
    while last < len(lines) and lines[last].startswith("|"):
        last += 1
    table = {_key(line, header): line for line in lines[first:last]}
    table.update((_key(line, header), line) for line in markdown([header, *new]).splitlines()[2:])
    return "\n".join([*lines[:first], *table.values(), *lines[last:]]) + "\n"


def _key(line: str, header: Row) -> tuple[str, ...]:
    """The cells under `KEYS` of a table's line."""
    cells = zip(header, line.split("|")[1:], strict=False)
    return tuple(cell.strip() for name, cell in cells if name in KEYS)


def document(results: Sequence[Any], command: str) -> dict[str, Any]:
    """Everything as a JSON tree: every repeat, the machine, the command."""
    trees = [result if isinstance(result, dict) else asdict(result) for result in results]
    return {"command": command, "machine": machine(), "results": trees}
