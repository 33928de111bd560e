"""The programs that the recipes of real corpora share, and the sizes that their configs promise."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest
import torch

from hiervox.models.base.checkpoints.checkpoint import load_weights
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.recipes import DATASETS
from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.utils.errors import ConfigError, DataError
from tests.conftest import REPOSITORY
from tests.egs.lookalikes import make_libritts, make_vctk
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

COMMON = REPOSITORY / "egs" / "tts" / "hierspeechpp" / "common"
CONF = COMMON / "conf"


def program(name: str) -> ModuleType:
    """A recipe's program, imported."""
    egs = REPOSITORY / "egs"
    folders = (COMMON / "local", egs / "common" / "local", egs / "datasets")
    path = next(path for folder in folders if (path := folder / f"{name}.py").exists())
    spec = importlib.util.spec_from_file_location(f"recipe_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        ("text_to_vec", 108_542_704),
        ("synthesizer", 97_022_304),
        ("synthesizer_base", 75_194_916),
        ("synthesizer_large", 200_928_808),
        ("synthesizer_lite", 14_072_451),
        ("speechsr24", 131_904),
        ("speechsr48", 131_904),
    ],
)
def test_sizes_are_as_promised(config: str, parameters: int) -> None:
    task = build_task(load_experiment(CONF / f"{config}.json5"))
    with torch.device("meta"):
        network = task.build_networks()[task.main]
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    counted = json.loads((COMMON / "step_flops.json").read_text())[config]
    assert counted["parameters"] == parameters and counted["clip"] > 0


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def test_a_bundle_is_halved_and_takes_runs_of_other_names(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "runs")
    (tmp_path / "runs" / "synthesizer").rename(tmp_path / "runs" / "start")
    assemble = program("assemble_bundle").assemble
    assemble(tmp_path / "runs", ["text_to_vec", "synthesizer=start"], tmp_path / "whole")
    assemble(tmp_path / "runs", ["text_to_vec", "synthesizer=start"], tmp_path / "half", half=True)
    for part in ("text_to_vec", "synthesizer"):
        whole, half = (
            load_weights(tmp_path / name / part / "model.safetensors") for name in ("whole", "half")
        )
        assert whole.keys() == half.keys()
        assert all(torch.equal(tensor.half(), half[name].half()) for name, tensor in whole.items())
        widths = {tensor.element_size() for tensor in half.values()}
        assert widths == {1, 2}  # zeros and ones need no more than 8 bits
    assert load(str(tmp_path / "half"), device="cpu").fingerprint
    assemble(tmp_path / "runs", ["synthesizer=start"], tmp_path / "rounded", True, ["related_prior."])
    rounded = load_weights(tmp_path / "rounded" / "synthesizer" / "model.safetensors")
    for name, tensor in rounded.items():
        if name.startswith("related_prior."):
            assert tensor.element_size() == 1
            torch.testing.assert_close(tensor.float(), half[name].float(), rtol=0.07, atol=1e-3)
        else:
            assert torch.equal(tensor.float(), half[name].float())


def test_libritts_is_fetched_and_what_is_there_is_kept(tmp_path: Path) -> None:
    libritts = program("libritts")
    made = make_libritts(tmp_path / "made", parts=(("train-clean-100", 1, 2), ("test-clean", 1, 2)))
    mirror = tmp_path / "mirror" / "60"
    mirror.mkdir(parents=True)
    with tarfile.open(mirror / "train-clean-100.tar.gz", "w:gz") as archive:
        archive.add(made / "train-clean-100", "LibriTTS/train-clean-100")
    home = tmp_path / "home"
    (home / "LibriTTS").mkdir(parents=True)
    (made / "test-clean").rename(home / "LibriTTS" / "test-clean")  # brought by hand, and not on the mirror
    parts = {"parts": ["train-clean-100"], "test_parts": ["test-clean"]}
    with served(mirror.parent) as url:
        libritts.download(home, **parts, base_url=url)
    libritts.download(home, **parts, base_url=url)  # nothing is left to fetch
    (home / "LibriTTS" / "train-clean-100" / ".completed").unlink()  # as if unpacking had been broken off
    next((home / "LibriTTS" / "train-clean-100").rglob("*.wav")).unlink()
    with served(mirror.parent) as url:
        libritts.download(home, **parts, base_url=url)
    for folder in (home, home / "LibriTTS"):
        libritts.prepare(folder, tmp_path / "data", **parts)
        assert [len(read_cuts(tmp_path / "data" / side)) for side in ("train", "test")] == [2, 2]
    with pytest.raises(DataError, match=r"no folder .*dev-clean"):
        libritts.prepare(home, tmp_path / "data", parts=["dev-clean"])


def test_the_characters_of_a_corpus_become_a_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, out = program("character_table"), tmp_path / "characters.json5"
    texts = ("Ab, a", "b", "")
    monkeypatch.setattr(module, "read_cuts", lambda path: texts)
    monkeypatch.setattr(module, "text_of", lambda cut: cut)
    monkeypatch.setattr(module, "language_of", lambda cut: "en-us")
    monkeypatch.setattr(sys, "argv", ["character_table", "--cuts", "cuts", "--out", str(out)])
    module.main()
    symbols = json.loads(out.read_text(encoding="utf-8"))["features"]["characters"]["symbols"]
    assert symbols == [" ", ",", "A", "a", "b"]
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--least", "2"])
    module.main()
    assert json.loads(out.read_text(encoding="utf-8"))["features"]["characters"]["symbols"] == [" ", "b"]


@pytest.mark.parametrize("top", ["", "VCTK-Corpus-0.92/"])
def test_vctk_is_fetched_whether_or_not_its_archive_has_a_folder(tmp_path: Path, top: str) -> None:
    vctk = program("vctk")
    made = make_vctk(tmp_path / "made", speakers=2, clips=2)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    with zipfile.ZipFile(mirror / "VCTK-Corpus-0.92.zip", "w") as archive:
        for file in sorted(made.rglob("*")):
            archive.write(file, f"{top}{file.relative_to(made)}")
    with served(mirror) as url:
        vctk.download(tmp_path / "home", base_url=url)
    vctk.prepare(tmp_path / "home", tmp_path / "data", test_speakers=1)
    train, test = (read_cuts(tmp_path / "data" / side) for side in ("train", "test"))
    assert sorted(cut.id for cut in (*train, *test)) == [
        f"p{225 + p}_00{n}_mic1" for p in (0, 1) for n in (1, 2)
    ]
    assert {cut.supervisions[0].speaker for cut in train}.isdisjoint(
        cut.supervisions[0].speaker for cut in test
    )
    with pytest.raises(DataError, match="hold out fewer"):
        vctk.prepare(tmp_path / "home", tmp_path / "data", test_speakers=2)


def test_lists_pair_voices(tmp_path: Path) -> None:
    vctk, lists = program("vctk"), program("test_lists")
    make_vctk(tmp_path, speakers=4, clips=3)
    vctk.prepare(tmp_path, tmp_path / "data", test_speakers=1)
    cuts = read_cuts(tmp_path / "data" / "train")
    chosen = list(lists.choose(cuts))
    assert len(chosen) == 6 and len({said.id for said, *_ in chosen}) == 6
    for said, prompt, other in chosen:
        speakers = [cut.supervisions[0].speaker for cut in (said, prompt, other)]
        assert speakers[0] == speakers[1] != speakers[2] and said.id != prompt.id
    assert chosen == list(lists.choose(cuts[::-1]))
    with pytest.raises(DataError, match="1 of the voices"):
        list(lists.choose(cuts[:4]))
    assert len(list(lists.choose(cuts[:3]))) == 2  # a corpus of one voice


def test_a_corpus_of_another_package_is_chosen_by_its_name(tmp_path: Path) -> None:
    corpus, made = program("corpus"), ModuleType("elsewhere")
    calls: list[tuple[object, ...]] = []

    def download(folder: Path, *, parts: tuple[str, ...] = ("all",)) -> None:
        calls.append((folder, parts))

    def prepare(folder: Path, out: Path, *, speakers: int = 3) -> None:
        calls.append((folder, out, speakers))

    made.download, made.prepare = download, prepare  # type: ignore[attr-defined]
    common = ["--corpus", "elsewhere", "--folder", str(tmp_path)]
    DATASETS.add(made)
    try:
        corpus.main(["download", *common, "--parts", "a", "b"])
        corpus.main(["prepare", *common, "--out", str(tmp_path / "data"), "--speakers", "2"])
    finally:
        DATASETS.remove("elsewhere")
    assert calls == [(tmp_path, ["a", "b"]), (tmp_path, tmp_path / "data", 2)]
    with pytest.raises(ConfigError, match="no corpus nobody"):
        corpus.main(["known", "--corpus", "nobody"])


def test_the_estimate_is_arithmetic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estimate = program("estimate")
    assert estimate.feature_bytes(FeaturesConfig()) == 2 * 16_000 + 4 * 200 + 2 * 2 * 1024 * 50
    given = ["seed=7", "features.pitch.method=dio", "synthesizer:train.accumulate=2"]
    assert estimate.overrides_of("synthesizer", given) == [*given[:2], "train.accumulate=2"]
    assert estimate.overrides_of("speechsr24", given) == ["seed=7"]
    experiment = load_experiment(CONF / "synthesizer.json5")
    corpus = estimate.Corpus(100.0, 4.0, "made up")
    counted = json.loads((COMMON / "step_flops.json").read_text())["synthesizer"]
    expected = 20 * (counted["clip"] + 200 * counted["frame"])
    assert estimate.step_flops(experiment, counted["parameters"], corpus) == pytest.approx(expected)
    assert estimate.step_flops(experiment, 10, corpus) is None
    sizes = {"main": 1000, "discriminator": 500}
    assert estimate.checkpoint_bytes(experiment, sizes) == 3 * (4000 + 12 * 1500) + 2 * 4000
