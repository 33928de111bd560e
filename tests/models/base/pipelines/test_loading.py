"""Tests of `hiervox.models.base.pipelines.loading` and of finding a bundle's parts by task."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hiervox
from hiervox.models.base.pipelines.bundle import find_part, parts_of
from hiervox.models.base.pipelines.loading import find_system, load
from hiervox.models.base.pipelines.protocols import Codec, SuperResolution, Vocoder
from hiervox.models.base.pipelines.vocoder import MelVocoderPipeline
from hiervox.models.base.tasks import TASKS, Task
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.base.pipelines.toys import CARDS, ToyCodecPipeline, card, registered, write_toy
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle
from tests.own import own_systems


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered(*CARDS):
        yield


def test_a_checkpoint_says_whose_it_is(tmp_path: Path) -> None:
    vocoder = load(write_toy(tmp_path / "a", "vocoder"), device="cpu")
    codec = load(write_toy(tmp_path / "b", "codec"), device="cpu")
    assert isinstance(vocoder, MelVocoderPipeline)
    assert isinstance(vocoder, Vocoder)
    assert isinstance(codec, ToyCodecPipeline)
    assert isinstance(codec, Codec)


def test_a_bundle_of_several_systems_is_opened_by_task(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    write_toy(bundle / "zz", "vocoder")
    for name in ("speechsr24", "speechsr48"):  # folders may have any name
        (bundle / name).rename(bundle / f"wide_{name[-2:]}")
    assert find_system(bundle)[0].task == "tts"
    assert find_system(bundle, "vc")[1] == bundle
    assert find_system(bundle, "vocoder")[1] == bundle / "zz"
    assert find_part(bundle, "sr", 48_000).folder.name == "wide_48"
    upsampler = load(bundle, "sr", "cpu", rate=24_000)
    assert isinstance(upsampler, SuperResolution)
    assert (upsampler.rate, upsampler.input_rate) == (24_000, 16_000)


def test_what_a_model_does_not_serve_is_named_with_who_would(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "a", "vocoder")
    with pytest.raises(CheckpointError, match=r"has no network for codec: .*\(.*toy_codec"):
        load(folder, "codec")
    with pytest.raises(ConfigError, match="no task 'vocodr': did you mean 'vocoder'"):
        load(folder, "vocodr")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        load(tmp_path / "empty")


def test_a_model_of_a_system_that_is_not_installed_asks_for_its_package(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "a", "unheard_of")
    with pytest.raises(
        ConfigError, match=r"no system 'toy_unheard_of', which .*/a is of: install the package that"
    ):
        load(folder)


def test_a_hidden_folder_is_no_part(tmp_path: Path) -> None:
    write_toy(tmp_path / "a", "vocoder")
    write_toy(tmp_path / ".a.partial", "codec")
    (tmp_path / "prompts").mkdir()
    assert [part.folder.name for part in parts_of(tmp_path)] == ["a"]


def test_cards_name_tasks_that_there_are() -> None:
    assert len(own_systems()) > 10
    for own_card in own_systems().values():
        assert own_card.task in TASKS
        assert set(own_card.uses) <= set(TASKS)


def test_a_package_brings_a_task(tmp_path: Path) -> None:
    folder = write_toy(tmp_path / "a", "toy_mixing")
    with registered(card("toy_mixing", "tests.models.base.pipelines.toys:ToyCodecPipeline")):
        with pytest.raises(ConfigError, match="no task 'toy_mixing'"):
            load(folder, "toy_mixing")
        TASKS.add(Task("toy_mixing", f"{Codec.__module__}:Codec", "separate", "a mixture to its voices"))
        try:
            assert isinstance(load(folder, "toy_mixing", "cpu"), ToyCodecPipeline)
            assert isinstance(load(folder, device="cpu"), ToyCodecPipeline)
        finally:
            TASKS.remove("toy_mixing")


def test_the_package_loads_and_imports_nothing_before() -> None:
    assert hiervox.load is load
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = hiervox.laod
    check = "import sys, hiervox; assert 'torch' not in sys.modules; hiervox.load; print(hiervox.__version__)"
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True)
