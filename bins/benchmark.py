"""`hiervox benchmark`: seconds and memory of a model or of a system's networks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.options import DeviceOption, OverridesOption
from hiervox.bins.outputs import OverwriteOption, model_files
from hiervox.bins.verbs import EVALUATION, Verb
from hiervox.utils.errors import ConfigError
from hiervox.utils.outputs import check_outputs

if TYPE_CHECKING:
    from hiervox.models.base.benchmark.networks import Setting

DTYPES = ("float32", "tf32", "bfloat16", "float16")


def benchmark(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A system, whose networks are timed, or a model (default: the default one).",
        ),
    ] = None,
    workload: Annotated[
        list[str] | None, typer.Option(help="Of a system: only this one. May be repeated.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A checkout of the system's published repository to run beside it.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Length of the speech.")] = 4.0,
    batch: Annotated[
        list[int] | None,
        typer.Option(min=1, max=64, help="Of a system: utterances in a batch; may be repeated. Default: 1."),
    ] = None,
    threads: Annotated[
        list[int] | None, typer.Option(min=1, help="Of torch; may be repeated. Default: all cores.")
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option(help=f"Of a system: {', '.join(DTYPES)}; may be repeated. Default: {DTYPES[0]}."),
    ] = None,
    sentences: Annotated[
        int | None, typer.Option(min=1, help="Of a model: stream a text of so many, and print memory.")
    ] = None,
    every: Annotated[float, typer.Option(min=1, help="With --sentences: seconds of sound a row.")] = 60.0,
    growth: Annotated[
        Path | None,
        typer.Option(
            help="Of a model: time 1 to 500 words, 1 to 32 texts and prompts of 1 to 60 s, and plot here."
        ),
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Of a model: compare batches and streams with single texts.")
    ] = False,
    train: Annotated[
        bool,
        typer.Option("--train", help="Of a system: time training steps. The default batch is the config's."),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="With --train: the step of this experiment, a JSON5 config of the system."),
    ] = None,
    overrides: OverridesOption = None,
    fused: Annotated[
        bool,
        typer.Option(help="Of a system: alias-free activations in one compiled pass, or step by step."),
    ] = True,
    graphs: Annotated[
        bool, typer.Option("--graphs", help="Of a system, on a GPU: play passes as CUDA graphs.")
    ] = False,
    repeats: Annotated[int, typer.Option(min=1, help="Runs that count.")] = 5,
    warmup: Annotated[int, typer.Option(min=0, help="Runs before them.")] = 1,
    seed: Annotated[int, typer.Option(help="Of inputs and random weights.")] = 0,
    device: DeviceOption = "auto",
    json: Annotated[Path | None, typer.Option(help="Write every repeat here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table here.")] = None,
    update: Annotated[
        Path | None,
        typer.Option(help="Of a system: put the rows into the table of this Markdown file."),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Time a model, or a system's networks: medians of processor time and, in brackets, of the time waited.

    With --reference the published code runs on the same weights and inputs, its output is compared, and the
    two are timed in turn.

    \b
    Examples:
      hiervox benchmark
      hiervox benchmark --sentences 200
      hiervox benchmark --growth growth.svg
      hiervox benchmark NAME --threads 1 --threads 2
    """
    check_outputs(
        [json, markdown, growth], overwrite, inputs=chain([update, reference, config], model_files(target))
    )
    for name in dtype or ():
        if name not in DTYPES:
            raise ConfigError(f"no dtype {name!r}", f"choose {' or '.join(DTYPES)}")
    from hiervox.models.base.benchmark.networks import Setting, Size
    from hiervox.models.base.benchmark.report import document, updated
    from hiervox.models.base.benchmark.report import markdown as as_markdown
    from hiervox.models.base.registry import SYSTEMS
    from hiervox.utils.files import write_json, write_text

    settings = [
        Setting(Size(seconds, length, seed), device, number, precision, repeats, warmup, fused, graphs)
        for number in (threads or (None,))
        for precision in (dtype or DTYPES[:1])
        for length in (batch or (1,))
    ]
    if update is not None and not update.is_file():
        raise ConfigError(f"no file {update}", "name the Markdown file whose table is updated")
    if target in SYSTEMS:
        if sentences or agreement or growth:
            raise ConfigError(
                "--sentences, --growth and --agreement go with a model", "name one of `hiervox models`"
            )
        if config is not None and (workload or not train):
            raise ConfigError("--config goes with --train, and without --workload", "leave one out")
        if overrides and config is None:
            raise ConfigError("--set goes with --config", "name the config whose keys are set")
        if train and reference is not None:
            raise ConfigError("--reference does not go with --train", "leave one out")
        if train:
            rows, results = _training(str(target), workload, settings, bool(batch), config, overrides or ())
        else:
            rows, results = _networks(str(target), workload, settings, reference)
    elif workload or reference or update or train or config or overrides:
        raise ConfigError(
            "--workload, --reference, --train, --config, --set and --update go with a system",
            "name one of `hiervox systems`",
        )
    elif growth is not None:
        rows, results = _growth(target, settings[0], growth)
    elif sentences or agreement:
        rows, results = _speech(target, settings[0], sentences, every)
    else:
        rows, results = _model(target, settings)
    table = as_markdown(rows)
    typer.echo(table)
    if markdown is not None:
        write_text(markdown, table + "\n")
    if update is not None:
        write_text(update, updated(update.read_text(encoding="utf-8"), rows))
    if json is not None:
        write_json(json, document(results, " ".join(["hiervox", *sys.argv[1:]])))


def _networks(
    system: str, names: list[str] | None, settings: list[Setting], reference: Path | None
) -> tuple[list[Any], list[Any]]:
    from hiervox.models.base.benchmark.networks import time_workload, workloads_of
    from hiervox.models.base.benchmark.report import network_rows

    results = [
        time_workload(system, name, setting, reference)
        for name in names or list(workloads_of(system))
        for setting in settings
    ]
    return network_rows(results), results


def _training(
    system: str,
    names: list[str] | None,
    settings: list[Setting],
    batch_given: bool,
    config: Path | None,
    overrides: Sequence[str],
) -> tuple[list[Any], list[Any]]:
    from hiervox.models.base.benchmark.report import training_rows
    from hiervox.models.base.benchmark.training import time_training, training_cases

    results = [
        time_training(system, name, setting, setting.size.batch if batch_given else None, config, overrides)
        for name in names or ([""] if config else list(training_cases(system)))
        for setting in settings
    ]
    return training_rows(results), results


def _model(name: str | None, settings: list[Setting]) -> tuple[list[Any], list[Any]]:
    from hiervox.models.base.benchmark.models import time_model
    from hiervox.models.base.benchmark.report import model_rows

    results = [result for setting in settings for result in time_model(name, setting)]
    return model_rows(results), results


def _growth(name: str | None, setting: Setting, plot: Path) -> tuple[list[Any], list[Any]]:
    from hiervox.models.base.benchmark.growth import exponents, time_growth
    from hiervox.models.base.benchmark.report import growth_rows
    from hiervox.utils.plots import growth_figure, save_figure

    results = time_growth(name, setting)
    axes = {axis: [result for result in results if result.axis == axis] for axis in exponents(results)}
    columns = {
        axis: (
            [point.size for point in points],
            [point.timing.median() for point in points],
            [point.memory / 1e6 for point in points],
        )
        for axis, points in axes.items()
    }
    save_figure(growth_figure(columns), plot)
    return growth_rows(results), results


def _speech(
    name: str | None, setting: Setting, sentences: int | None, every: float
) -> tuple[list[Any], list[Any]]:
    """A long stream where `sentences` are asked for, else how batches and streams agree with texts."""
    from hiervox.models.base.benchmark.report import agreement_rows, stream_rows
    from hiervox.models.base.benchmark.streams import agreement, time_stream
    from hiervox.models.base.pipelines.loading import load

    if sentences is not None:
        moments = time_stream(name, sentences, every, setting)
        return stream_rows(moments), moments
    differences = agreement(load(name, "tts", setting.device, precision=setting.precision))
    return agreement_rows(differences), [differences]


VERB = Verb("benchmark", benchmark, panel=EVALUATION, rank=3)
