"""Names on a card are completed by the package that it lies in."""

from __future__ import annotations

import pytest

from hiervox.models.base.card import Part, SystemCard, completed
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.tasks import TASKS, Task
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve


def _card(part: Part, package: str = "systems.tts.toy", **names: str) -> SystemCard:
    facts = {"summary": "none", "paper": "none", "weights_licence": "none"}
    return SystemCard(package, **facts, parts=(part,), **names)


def test_a_name_alone_lies_in_the_file_of_its_field() -> None:
    part = Part(config="ToyExperiment", network="Toy", task="ToyTask", importer="import_toy")
    card = _card(part, pipeline="ToyPipeline", controls="ToyControls", workloads="WORKLOADS")
    (completed,) = card.parts
    assert completed.config == "systems.tts.toy.config:ToyExperiment"
    assert completed.network == "systems.tts.toy.network:Toy"
    assert completed.task == "systems.tts.toy.task:ToyTask"
    assert completed.importer == "systems.tts.toy.published:import_toy" and completed.state_importer is None
    assert card.pipeline == "systems.tts.toy.pipeline:ToyPipeline"
    assert card.controls == "systems.tts.toy.controls:ToyControls"
    assert card.workloads == "systems.tts.toy.workloads:WORKLOADS" and card.pretrained is None


def test_other_names_are_relative_or_whole() -> None:
    part = Part(config=".sizes:Toy", network="hiervox.modules.toy:Toy", task=".._gan.task:GANTask")
    (completed,) = _card(part).parts
    assert completed.config == "systems.tts.toy.sizes:Toy"
    assert completed.network == "hiervox.modules.toy:Toy"
    assert completed.task == "systems.tts._gan.task:GANTask"
    assert _card(part, package="", name="toy").parts[0].network == part.network


def test_name_and_task_are_those_of_the_folders_unless_they_are_said() -> None:
    card = _card(Part(config="ToyExperiment", network="Toy"))
    assert (card.name, card.task, card.parts[0].name) == ("toy", "tts", "toy")
    card = _card(
        Part(name="decoder", config="ToyExperiment", network="Toy"), "toy_tts", name="toy", task="tts"
    )
    assert (card.name, card.task, card.parts[0].name) == ("toy", "tts", "decoder")


def test_one_part_needs_no_tuple() -> None:
    facts = {"summary": "none", "paper": "none", "weights_licence": "none"}
    part = Part(config="ToyExperiment", network="Toy")
    assert SystemCard("systems.tts.toy", **facts, part=part) == _card(part)
    with pytest.raises(ConfigError, match="the card of toy names a part and parts"):
        SystemCard("systems.tts.toy", **facts, part=part, parts=(part,))


def test_what_a_card_leaves_out_its_task_and_its_folder_say() -> None:
    task = Task("sr", "x:Y", "sr", "low to high", pipeline=".pipeline:load_pipeline", works=("high",))
    part = Part(config="ToyExperiment", network="Toy", importer="import_toy")
    folder = "hiervox.models.sr.speechsr"
    card = completed(_card(part, folder), task)
    assert (
        card.workloads == f"{folder}.workloads:WORKLOADS"
        and card.pretrained == f"{folder}.pretrained:ENTRIES"
    )
    assert (card.pipeline, card.replacements) == (
        f"{folder}.pipeline:load_pipeline",
        f"{folder}.replacements",
    )
    assert card.works == ("high", "published weights")
    card = completed(_card(part, "hiervox.models.vocoder.wavegrad", pipeline="x:Own"), task)
    assert (card.pipeline, card.workloads, card.replacements) == ("x:Own", None, None)
    assert completed(_card(part, "hiervox.models.vocoder.wavegrad"), task).pipeline is None
    assert completed(_card(part, ""), task).pipeline is None


def test_tasks_name_what_there_is() -> None:
    from hiervox.evaluation.registry import METRICS

    for task in TASKS.values():
        assert set(task.metrics) <= set(METRICS)
        assert task.trial is None or callable(resolve(task.trial))
    assert SYSTEMS["hifigan"].pipeline == TASKS["vocoder"].pipeline
