"""Training of HierVST at a tiny size, whole and without each of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hiervox.models.tts._hierarchy.networks.source_network import NoSource
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts._hierarchy.task import SynthesizerTask
from hiervox.models.vc.hiervst.config import HierVSTConfig, HierVSTExperiment
from hiervox.processors.semantic import XLS_R
from tests.models.tts.hierspeechpp.tasks.test_synthesizer import TINY_DISCRIMINATORS, shares, sung_batch
from tests.models.vc.hiervst.tiny_hiervst import tiny_sizes
from tests.overfit import overfit

TERMS = {
    *("mel", "prosody", "log_f0", "acoustic_kl", "semantic_kl"),
    *("adversarial", "feature_matching", "discriminator"),
}


def task(**sizes: Any) -> SynthesizerTask:
    tree = {
        "system": "hiervst",
        "part": "hiervst",
        "out_dir": Path("unused"),
        "data": {"cuts": Path("unused")},
        "model": tiny_sizes(**sizes),
        "discriminators": TINY_DISCRIMINATORS,
    }
    return SynthesizerTask(HierVSTExperiment.model_validate(tree))


def test_it_is_the_hierarchy_without_what_hierspeechpp_added() -> None:
    config = HierVSTConfig()
    assert not (config.dual_audio or config.source_filter or config.bidirectional)
    assert (config.flow.kind, config.generator.blocks, config.takes_f0) == ("wavenet", "mrf", False)
    assert config.source is not None and config.source.blocks == "mrf"
    assert task().config.features.semantic == XLS_R


def test_one_batch_is_learnt_by_heart() -> None:
    history = overfit(task(), sung_batch(), steps=50, learning_rate=5e-3)
    assert set(history[0]) == TERMS
    share = shares(history)
    assert share["mel"] < 0.6 and share["log_f0"] < 0.6 and share["prosody"] < 0.9, share


@pytest.mark.parametrize(
    ("sizes", "missing"),
    [
        ({"unconditional_ratio": 0}, set()),
        ({"prosody": None}, {"prosody"}),
        ({"hierarchical": False}, {"semantic_kl"}),
        ({"source": None}, {"log_f0"}),
    ],
    ids=["conditional", "no_prosody_distillation", "one_prior", "plain_generator"],
)
def test_an_ablation_trains_every_weight_and_converts(sizes: dict[str, Any], missing: set[str]) -> None:
    own = task(**sizes)
    networks = own.build_networks()
    output = own.forward(networks, sung_batch())
    terms = own.losses("main", networks, sung_batch(), output, 0)
    assert set(terms) == TERMS - missing - {"discriminator"}
    own.total(terms, 0).backward()
    network = networks["main"]
    assert isinstance(network, HierarchicalSynthesizer)
    assert [name for name, p in network.named_parameters() if p.grad is None] == []
    network.eval()
    made = network.infer(sung_batch()["semantic"], None, torch.randn(2, 8, 1), noise_scale=0.0)
    assert made.shape == (2, 1, 320 * 24) and made.std() > 0
    assert isinstance(network.source, NoSource) == ("log_f0" in missing)
