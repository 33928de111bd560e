"""Names on a card are completed by the package that it lies in."""

from __future__ import annotations

from hiervox.models.base.card import Part, SystemCard


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
