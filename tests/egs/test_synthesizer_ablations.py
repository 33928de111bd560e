"""The ablations of HierSpeech++'s synthesizer: configs of the recipe, each trained for a step."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import torch

from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.models.tts._hierarchy.config import SynthesizerExperiment
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tasks.test_synthesizer import TERMS, TINY_DISCRIMINATORS, sung_batch
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.overfit import overfit

RECIPE = REPOSITORY / "egs" / "tts" / "hierspeechpp"
ABLATIONS = RECIPE / "common" / "conf" / "ablations"
TINY_FLOWS = {
    "transformer": TINY_SYNTHESIZER.flow.model_dump(),
    "wavenet": {"hidden_channels": 8, "n_layers": 1},
}
PARAMETERS = {
    "single_posterior": 89_111_648,
    "one_way_flows": 97_022_304,
    "no_source_filter": 88_405_344,
    "no_prosody_distillation": 93_605_856,
    "wavenet_flows": 83_259_360,
    "mrf_blocks": 96_997_376,
}
WITHOUT = {
    "one_way_flows": {"acoustic_kl_forward", "semantic_kl_forward"},
    "no_prosody_distillation": {"prosody"},
}


def tiny(config: Path) -> SynthesizerExperiment:
    """The experiment of a config with the sizes of the tests; its switches stay."""
    experiment = load_experiment(config)
    assert isinstance(experiment, SynthesizerExperiment)
    model = experiment.model.model_dump()
    for name, section in TINY_SYNTHESIZER.model_dump().items():
        given = model[name]
        if isinstance(section, dict) and given is not None:
            kept = {key: given[key] for key in ("kind", "blocks") if key in given}
            model[name] = {**(TINY_FLOWS[kept["kind"]] if name == "flow" else section), **kept}
        elif not isinstance(section, dict | bool):
            model[name] = section
    tree = {**experiment.model_dump(), "model": model, "discriminators": TINY_DISCRIMINATORS}
    return type(experiment).model_validate(tree)


def test_each_ablation_is_counted_here() -> None:
    assert {path.stem for path in ABLATIONS.glob("*.json5")} == set(PARAMETERS)


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_an_ablation_trains_a_step(name: str, parameters: int) -> None:
    config = ABLATIONS / f"{name}.json5"
    with torch.device("meta"):
        network = HierarchicalSynthesizer(load_experiment(config).model)  # type: ignore[attr-defined]
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    task = build_task(tiny(config))
    (terms,) = overfit(task, sung_batch(), steps=1)
    assert set(terms) == TERMS - WITHOUT.get(name, set())


def test_without_source_filter_no_f0_is_heard() -> None:
    config = tiny(ABLATIONS / "no_source_filter.json5")
    network = build_task(config).build_networks()["main"].eval()
    assert isinstance(network, HierarchicalSynthesizer)
    batch, style = sung_batch(), torch.randn(2, TINY_SYNTHESIZER.style_channels, 1)
    one, other = (
        network.infer(batch["semantic"], log_f0, style, noise_scale=0.0)
        for log_f0 in (None, torch.ones(2, 1, 96))
    )
    assert one.shape == (2, 1, 320 * 24)
    torch.testing.assert_close(one, other)


def test_other_semantic_features_are_those_of_all_parts(tmp_path: Path) -> None:
    command = [str(RECIPE / "libritts" / "run.sh"), "--dry-run", "--exp", str(tmp_path), "--stage", "4"]
    command += ["--stop-stage", "6", "--semantic", "xls_r", "--ablation", "wavenet_flows"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line for line in printed.splitlines() if " --config " in line]
    assert len(lines) == 3
    assert all("name=facebook/wav2vec2-xls-r-300m" in line and "layer=12" in line for line in lines)
    assert "/ablations/wavenet_flows.json5" in lines[-1]


def test_an_ablation_of_another_size_is_refused() -> None:
    command = [str(RECIPE / "libritts" / "run.sh"), "--size", "lite", "--ablation", "mrf_blocks"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
