"""A small feature folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.models.base.data.extraction import extract
from hiervox.processors.semantic import SemanticConfig
from tests.models.base.data.corpora import FrameEnergies, make_manifest, plan

BUILDER = "hiervox.processors.semantic.build_semantic_extractor"


def build(config: SemanticConfig, device: str) -> FrameEnergies:
    """Takes the place of `hiervox.processors.semantic.build_semantic_extractor`."""
    return FrameEnergies()


@pytest.fixture
def fake_semantic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Semantic vectors of `FrameEnergies` instead of a network's."""
    monkeypatch.setattr(BUILDER, build)


@pytest.fixture(scope="session")
def feature_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of 30 utterances of 0.6 to 1.5 s, with text, two perturbed copies each."""
    folder = tmp_path_factory.mktemp("corpus")
    manifest = make_manifest(folder, [0.6 + 0.9 * number / 29 for number in range(30)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BUILDER, build)
        extract(manifest, folder / "features", *plan())
    return folder / "features"
