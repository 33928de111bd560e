"""Model cards for the Hub: metadata as YAML, and a page that says what the model is and how it is used."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, read_experiment
from hiervox.models.base.checkpoints.tensor_files import read_headers
from hiervox.models.base.hub.names import HubName
from hiervox.models.base.hub.wanted import CARD_NAME
from hiervox.models.base.pipelines.bundle import BundlePart, parts_of
from hiervox.models.base.pipelines.loading import first_task
from hiervox.models.base.tasks import TASKS, Task
from hiervox.processors.text.config import TextConfig
from hiervox.utils.errors import ConfigError, DataError, reason
from hiervox.utils.json_files import read_object

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCard, ModelCardData

LIBRARY = "hiervox"
SUMMARY_NAME = "summary.json"
"""Of a folder that `hiervox evaluate` wrote."""
INPUTS = {"text": '"Hello there."', "recording": "in.wav"}
"""What an example is given, by what a task takes."""


@dataclass(frozen=True)
class Facts:
    """What a model's folder does not say.

    Attributes:
        licence: of the weights, by the Hub's short names, such as `mit`.
        languages: by ISO 639 codes; empty for those that its text reader knows.
        datasets: what it learnt from.
        base_model: what it was fine-tuned from.
        evaluation: folder of `hiervox evaluate`, whose figures become the card's.
        system: of that evaluation; None for the only one.
        test_set: what the evaluation's sentences are called; None for its folder's name.
    """

    licence: str | None = None
    languages: Sequence[str] = ()
    datasets: Sequence[str] = ()
    base_model: str | None = None
    evaluation: Path | None = None
    system: str | None = None
    test_set: str | None = None


def model_card(folder: Path, name: HubName, facts: Facts) -> ModelCard:
    """The card of a model: its README where it has one, else a page from its configs; both with metadata.

    What `facts` says goes before what the README's metadata say, and that before what the configs say.

    Raises:
        ConfigError: nobody has said which licence the weights have, or the README's metadata can't be read.
        CheckpointError: a checkpoint is missing or broken.
        DataError: the evaluation can't be read, or has several systems and none is named.
    """
    from huggingface_hub import ModelCard, ModelCardData

    parts = parts_of(folder)
    page = folder / CARD_NAME
    written = _read(page) if page.is_file() else None
    known = {} if written is None else written.data.to_dict()
    known.pop("model-index", None)
    task = TASKS[first_task(folder)]
    results = _results(facts, task)
    told: dict[str, Any] = {
        "license": facts.licence,
        "language": list(facts.languages),
        "datasets": list(facts.datasets),
        "base_model": facts.base_model,
    }
    found: dict[str, Any] = {
        "library_name": LIBRARY,
        "pipeline_tag": task.pipeline_tag,
        "language": _languages(parts),
        "tags": list(dict.fromkeys(part.card.name for part in parts)),
    }
    whole = {**_given(found), **known, **_given(told)}
    if "license" not in whole:
        raise ConfigError("which licence the weights have is not said", "give --license, such as mit")
    if results:
        whole |= {"model_name": name.repo.partition("/")[2], "eval_results": results}
    elif written is not None and isinstance(written.data, ModelCardData) and written.data.eval_results:
        whole |= {"model_name": written.data.model_name, "eval_results": written.data.eval_results}
    data = ModelCardData(**whole)
    body = _page(name, parts, task, data, results) if written is None else written.text.lstrip("\n")
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n{body}")


def _read(page: Path) -> ModelCard:
    """A README, with or without metadata."""
    from huggingface_hub import ModelCard

    text = page.read_text(encoding="utf-8")
    try:
        return ModelCard(text if text.startswith("---") else f"---\nlibrary_name: {LIBRARY}\n---\n{text}")
    except Exception as error:  # of the YAML reader and of the Hub's classes
        raise ConfigError(f"the metadata of {page} can't be read ({error})", "correct its YAML") from error


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _languages(parts: Iterable[BundlePart]) -> list[str]:
    """ISO 639 codes of the languages that the text readers of a model know."""
    texts = [getattr(read_experiment(part.checkpoint), "text", None) for part in parts]
    names = [name for text in texts if isinstance(text, TextConfig) for name in text.languages]
    return list(dict.fromkeys(name.partition("-")[0] for name in names))


def _results(facts: Facts, task: Task) -> list[EvalResult]:
    """An evaluation's figures of one system."""
    from huggingface_hub import EvalResult

    if facts.evaluation is None:
        return []
    try:
        summary = read_object(facts.evaluation / SUMMARY_NAME)
        systems: dict[str, Any] = summary["systems"]
        titles: dict[str, Any] = summary["figures"]
        named = facts.system or _only(systems, facts.evaluation)
        if named not in systems:
            raise DataError(f"{facts.evaluation} has no system {named!r}", f"it has {', '.join(systems)}")
        return [
            EvalResult(
                task_type=str(task.pipeline_tag),
                dataset_type=LIBRARY,
                dataset_name=facts.test_set or facts.evaluation.resolve().name,
                metric_type=figure,
                metric_name=titles[figure]["title"]
                + (f" ({unit})" if (unit := titles[figure]["unit"]) else ""),
                metric_value=estimate["value"],
            )
            for figure, estimate in systems[named]["figures"].items()
            if estimate is not None and math.isfinite(estimate["value"])
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{facts.evaluation / SUMMARY_NAME} can't be read ({reason(error)})",
            "name a folder of `hiervox evaluate`",
        ) from error


def _only(systems: dict[str, Any], folder: Path) -> str:
    others = [name for name in systems if name != "ground_truth"]
    if len(others) != 1:
        raise DataError(f"{folder} has several systems", f"give --system: {', '.join(systems)}")
    return others[0]


def _page(
    name: HubName, parts: Sequence[BundlePart], task: Task, data: ModelCardData, results: Sequence[EvalResult]
) -> str:
    """What the model is, how it is used, and its figures."""
    cards = {part.card.name: part.card for part in parts}
    example = f"hiervox {task.verb} {INPUTS[task.takes]} --model {name} --out out.wav"
    lines = [f"# {name.repo.partition('/')[2]}", ""]
    lines += [
        f"{card.summary} ({card.paper})." if card.paper else f"{card.summary}." for card in cards.values()
    ]
    lines += ["", "```bash", "pip install hiervox", example, "```", ""]
    lines += ["```python", "import hiervox", "", f'pipeline = hiervox.load("{name.repo}")', "```", ""]
    lines += ["| part | system | weights (M) | rate (Hz) |", "|---|---|---|---|"]
    for part in parts:
        count = sum(
            math.prod(header.shape) for header in read_headers(part.checkpoint / WEIGHTS_NAME).values()
        )
        rate = read_experiment(part.checkpoint).data.sample_rate
        lines.append(f"| {part.part} | {part.card.name} | {count / 1e6:.2f} | {rate} |")
    if data.language:
        lines += ["", f"Languages: {', '.join(data.language)}."]
    if data.datasets:
        lines += ["", f"Trained on: {', '.join(data.datasets)}."]
    if results:
        lines += [
            "",
            f"Figures on {results[0].dataset_name}, by `hiervox evaluate`:",
            "",
            "| | |",
            "|---|---|",
        ]
        lines += [f"| {result.metric_name} | {result.metric_value:.4g} |" for result in results]
    return "\n".join([*lines, ""])
