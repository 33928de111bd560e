"""Models go to a Hub and come from it: revisions, cut and damaged files, permissions, no network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.hub.card import Facts, model_card
from hiervox.models.base.hub.fetching import fetched_from_hub
from hiervox.models.base.hub.files import files_of_model
from hiervox.models.base.hub.names import HubName, hub_name
from hiervox.models.base.hub.publishing import HubModel, publish
from hiervox.models.base.pipelines.bundle import resolve_bundle
from hiervox.utils.errors import CheckpointError, ConfigError, DataError, DependencyError
from hiervox.utils.network import OFFLINE_VARIABLE
from tests.conftest import REPOSITORY
from tests.models.base.hub.stub_hub import TOKEN, Hub, serving_hub
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

NAME = HubName("me/my-voice")
MIT = Facts(licence="mit")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny")
    (folder / "synthesizer" / "state").mkdir()
    (folder / "synthesizer" / "state" / "optimizer.safetensors").write_bytes(b"x")
    (folder / "synthesizer" / "weights.pt").write_bytes(b"x")
    return folder


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.delenv(OFFLINE_VARIABLE, raising=False)
    with serving_hub(tmp_path / "cache") as hub:
        yield hub


def published(hub: Hub, bundle: Path) -> dict[str, bytes]:
    """A model on the Hub, put there without the code under test."""
    files = {name: file.read_bytes() for name, file in files_of_model(bundle).items()}
    hub.commit(NAME.repo, "main", files)
    return files


def test_names() -> None:
    assert hub_name("hf:me/my-voice@v1") == hub_name("hf://me/my-voice@v1") == HubName("me/my-voice", "v1")
    assert hub_name("me/my-voice", bare=True) == NAME and hub_name("me/my-voice") is None
    assert hub_name("/me/my-voice", bare=True) is None and hub_name("hf:me") is None
    assert str(HubName("me/x", "main")) == "hf:me/x@main"


def test_what_is_published_is_what_is_fetched(hub: Hub, bundle: Path) -> None:
    url = publish(bundle, NAME, model_card(bundle, NAME, MIT), message="First")
    assert url.startswith(f"{hub.url}/me/my-voice/commit/")
    there = hub.repositories["me/my-voice"]["main"].files
    assert set(there) == {*files_of_model(bundle), "README.md"}
    assert not any("state" in name or name.endswith(".pt") for name in there)
    folder = fetched_from_hub(NAME)
    assert all((folder / name).read_bytes() == data for name, data in there.items())
    assert hiervox.load("me/my-voice", device="cpu").rate == hiervox.load(bundle, device="cpu").rate
    page = there["README.md"].decode()
    assert "library_name: hiervox" in page and "pipeline_tag: text-to-speech" in page
    assert "license: mit" in page and "- en" in page and "--model hf:me/my-voice" in page
    assert HubModel.from_pretrained("me/my-voice").folder == folder


def test_a_branch_is_a_revision(hub: Hub, bundle: Path) -> None:
    publish(bundle, NAME, model_card(bundle, NAME, MIT))
    branch = HubName(NAME.repo, "small")
    url = publish(bundle / "speechsr24", branch, model_card(bundle / "speechsr24", branch, MIT))
    folder = resolve_bundle("hf:me/my-voice@small")
    assert (folder / "config.json").is_file() and folder.name == url.rpartition("/")[2]
    assert not (resolve_bundle("hf:me/my-voice") / "config.json").exists()
    with pytest.raises(DependencyError, match="no revision large"):
        resolve_bundle("hf:me/my-voice@large")


def test_a_copy_that_was_cut_short_goes_on(hub: Hub, bundle: Path) -> None:
    files = published(hub, bundle)
    large = max(files, key=lambda name: len(files[name]))
    hub.cut[large] = 1
    folder = fetched_from_hub(NAME)
    assert (folder / large).read_bytes() == files[large] and hub.cut[large] == 0


def test_a_damaged_file_is_named_and_removed(hub: Hub, bundle: Path) -> None:
    files = published(hub, bundle)
    hub.damaged.add("text_to_vec/model.safetensors")
    with pytest.raises(
        CheckpointError, match=r"text_to_vec/model\.safetensors of hf:me/my-voice came damaged"
    ):
        fetched_from_hub(NAME)
    hub.damaged.clear()
    folder = fetched_from_hub(NAME)
    assert (folder / "text_to_vec" / "model.safetensors").read_bytes() == files[
        "text_to_vec/model.safetensors"
    ]


def test_without_permission_one_line_says_so(hub: Hub, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DependencyError, match=r"the Hub has no me/nothing, or you may not read it"):
        fetched_from_hub(HubName("me/nothing"))
    published(hub, bundle)
    hub.gated.add(NAME.repo)
    with pytest.raises(DependencyError, match="no permission to read hf:me/my-voice"):
        fetched_from_hub(NAME)
    monkeypatch.setenv("HF_TOKEN", "hf_reads")
    with pytest.raises(DependencyError, match="no permission to write hf:me/my-voice"):
        publish(bundle, NAME, model_card(bundle, NAME, MIT))


def test_without_a_network_the_cache_is_used(
    hub: Hub, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="no model 'me/my-voice'"):
        resolve_bundle("me/my-voice")  # the command line wants `hf:` before it
    published(hub, bundle)
    folder = fetched_from_hub(NAME)
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")
    hub.asked.clear()
    assert fetched_from_hub(NAME) == folder and hub.asked == []
    with pytest.raises(DependencyError, match="hf:me/other is not on this machine, and no network is asked"):
        fetched_from_hub(HubName("me/other"))
    monkeypatch.delenv(OFFLINE_VARIABLE)
    with mock.patch("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9"):
        assert fetched_from_hub(NAME) == folder
        with pytest.raises(DependencyError, match="the Hugging Face Hub can't be reached"):
            fetched_from_hub(HubName("me/other"))
    mine = tmp_path / "me" / "my-voice"  # a folder of the name goes before the Hub
    shutil.copytree(bundle, mine)
    monkeypatch.chdir(tmp_path)
    assert resolve_bundle("me/my-voice", bare=True) == Path("me/my-voice")


def test_a_verb_speaks_with_it_and_says_which_commit(
    hub: Hub, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(hub, bundle)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    prompt = str(REPOSITORY / "pretrained" / "box" / "prompts" / "willow.flac")
    told = ["--model", "hf:me/my-voice", "--prompt", prompt, "--out", "a.wav", "--device", "cpu"]
    result = CliRunner().invoke(app, ["tts", "Hello.", *told])
    assert result.exit_code == 0, result.output
    commit = hub.repositories[NAME.repo]["main"].name
    assert json.loads(Path("a.wav.json").read_text())["model"] == f"hf:me/my-voice@{commit}"


def test_a_card_has_the_figures_of_an_evaluation(bundle: Path, tmp_path: Path) -> None:
    figures = {"wer": {"title": "WER", "unit": "%", "better": "lower"}, "sim": {"title": "SIM", "unit": ""}}
    systems = {
        "ground_truth": {"figures": {}},
        "mine": {"figures": {"wer": {"value": 4.5, "low": 3.0, "high": 6.0, "count": 20}, "sim": None}},
    }
    evaluation = tmp_path / "test-other"
    evaluation.mkdir()
    (evaluation / "summary.json").write_text(json.dumps({"figures": figures, "systems": systems}))
    facts = Facts(licence="mit", datasets=("librispeech",), base_model="me/old", evaluation=evaluation)
    card = model_card(bundle, NAME, facts)
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == ("wer", 4.5, "test-other")
    assert card.data.datasets == ["librispeech"] and card.data.base_model == "me/old"
    assert "| WER (%) | 4.5 |" in card.text
    systems["other"] = systems["mine"]
    (evaluation / "summary.json").write_text(json.dumps({"figures": figures, "systems": systems}))
    with pytest.raises(DataError, match="several systems"):
        model_card(bundle, NAME, facts)
    with pytest.raises(DataError, match="can't be read"):
        model_card(bundle, NAME, Facts(licence="mit", evaluation=tmp_path))
    with pytest.raises(ConfigError, match="licence"):
        model_card(bundle, NAME, Facts())


def test_the_default_voice_has_a_card(tmp_path: Path) -> None:
    folder = REPOSITORY / "pretrained" / "box"
    card = model_card(folder, NAME, Facts())
    data = card.data
    assert (data.license, data.language, data.pipeline_tag) == ("mit", ["en"], "text-to-speech")
    assert {result.metric_type for result in data.eval_results} >= {"wer", "sim", "dnsmos"}
    assert card.text.lstrip().startswith("# The voice in the box")
    result = CliRunner().invoke(app, ["push", "box", "me/box", "--print-card"])
    assert result.exit_code == 0 and "library_name: hiervox" in result.output
