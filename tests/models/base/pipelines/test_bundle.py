from __future__ import annotations

from pathlib import Path

import pytest

from hiervox.models.base.pipelines import bundle
from hiervox.models.base.pipelines.bundle import bundle_homes, load_upsampler, part_checkpoint, resolve_bundle
from hiervox.utils.errors import CheckpointError, ConfigError


@pytest.fixture
def homes(tmp_path, monkeypatch) -> tuple[Path, Path]:
    """A repository and a user's home without any bundle."""
    repository, home = tmp_path / "repository", tmp_path / "home"
    monkeypatch.setattr(bundle.models, "__path__", [str(repository / "models")])
    monkeypatch.setenv("HIERVOX_HOME", str(home))
    return repository / "pretrained", home / "models"


def test_homes(homes, monkeypatch) -> None:
    assert bundle_homes() == homes
    monkeypatch.delenv("HIERVOX_HOME")
    assert bundle_homes()[1] == Path("~/.cache/hiervox/models").expanduser()


def test_a_name_is_looked_for_in_the_repository_and_then_at_home(homes) -> None:
    (homes[1] / "voice").mkdir(parents=True)
    assert resolve_bundle("voice") == homes[1] / "voice"
    (homes[0] / "voice").mkdir(parents=True)
    assert resolve_bundle("voice") == homes[0] / "voice"


def test_a_folder_is_taken_as_it_is(homes, tmp_path) -> None:
    assert resolve_bundle(str(tmp_path)) == tmp_path


def test_the_default_is_box_before_mini(homes) -> None:
    with pytest.raises(ConfigError, match="no model is installed: name a folder"):
        resolve_bundle()
    (homes[1] / "mini").mkdir(parents=True)
    assert resolve_bundle().name == "mini"
    (homes[1] / "box").mkdir()
    assert resolve_bundle().name == "box"


def test_an_unknown_name_tells_the_nearest(homes) -> None:
    (homes[0] / "mini").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"no model 'minni': .*did you mean 'mini'"):
        resolve_bundle("minni")


def test_missing_parts_are_named(tmp_path) -> None:
    with pytest.raises(CheckpointError, match="no folder synthesizer"):
        part_checkpoint(tmp_path, "synthesizer")
    (tmp_path / "synthesizer").mkdir()
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        part_checkpoint(tmp_path, "synthesizer")
    with pytest.raises(CheckpointError, match="no network for sr to 24000 Hz"):
        load_upsampler(tmp_path, 24000)
