"""Names on a card are completed by the package that it lies in."""

from __future__ import annotations

from hiervox.models.base.card import Part, SystemCard


def _card(part: Part, package: str = "systems.toy", **names: str) -> SystemCard:
    return SystemCard("toy", "tts", "none", "none", "none", (part,), package, **names)


def test_a_name_alone_lies_in_the_file_of_its_field() -> None:
    part = Part("toy", config="ToyExperiment", network="Toy", task="ToyTask", importer="import_toy")
    card = _card(part, pipeline="ToyPipeline", controls="ToyControls", workloads="WORKLOADS")
    (completed,) = card.parts
    assert completed.config == "systems.toy.config:ToyExperiment"
    assert completed.network == "systems.toy.network:Toy"
    assert completed.task == "systems.toy.task:ToyTask"
    assert completed.importer == "systems.toy.published:import_toy" and completed.state_importer is None
    assert card.pipeline == "systems.toy.pipeline:ToyPipeline"
    assert card.controls == "systems.toy.controls:ToyControls"
    assert card.workloads == "systems.toy.workloads:WORKLOADS" and card.pretrained is None


def test_other_names_are_relative_or_whole() -> None:
    part = Part("toy", config=".sizes:Toy", network="hiervox.modules.toy:Toy", task=".._gan.task:GANTask")
    (completed,) = _card(part).parts
    assert completed.config == "systems.toy.sizes:Toy"
    assert completed.network == "hiervox.modules.toy:Toy"
    assert completed.task == "systems._gan.task:GANTask"
    assert _card(part, package="").parts == (part,)
