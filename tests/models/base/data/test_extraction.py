from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from hiervox.models.base.data import extraction, processes
from hiervox.models.base.data.block import BlockExtractor
from hiervox.models.base.data.clip import PCM_SCALE
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.extraction import FAILURES_NAME, Shard, extract
from hiervox.models.base.data.features import require_features
from hiervox.models.base.data.manifest import cut_tokens, read_cuts, write_cuts
from hiervox.models.base.data.plan import load_plan
from hiervox.models.base.data.processes import LocalLauncher
from hiervox.models.base.data.setup import FeaturesConfig, FeatureSetup
from hiervox.models.base.data.waveform import read_waveform
from hiervox.processors.audio import pad_to_multiple
from hiervox.processors.recording_conditions import RecordingConditionsConfig
from hiervox.utils.blocks import BlockWork
from hiervox.utils.errors import ConfigError, DataError, DependencyError
from tests.models.base.data.corpora import RATE, FrameEnergies, cut_frames, make_manifest, plan


def arrays(folder: Path) -> dict[str, np.ndarray]:
    """Every stored array of a feature folder by cut and field."""
    return {
        f"{cut.id} {name}": array.load(start=array.start)
        for cut in read_cuts(folder)
        for name, array in cut.custom.items()
        if name != "dataloading_info"  # which lhotse's samplers leave in cuts that a loader has read
    }


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def test_stored_arrays_have_the_lengths_of_the_grid(feature_folder: Path) -> None:
    cuts = read_cuts(feature_folder)
    stored = arrays(feature_folder)
    assert len(cuts) == 30
    for cut in cuts:
        padded = pad_to_multiple(read_waveform(cut, RATE))
        frames = padded.size // 320
        assert cut_frames(cut) == frames
        assert stored[f"{cut.id} f0"].shape == (4 * frames,)
        assert stored[f"{cut.id} semantic"].shape == (frames, FrameEnergies.channels)
        assert stored[f"{cut.id} semantic"].dtype == np.float16
        np.testing.assert_allclose(stored[f"{cut.id} wav"] / PCM_SCALE, padded, atol=2 / PCM_SCALE)
        expected = FrameEnergies().extract(torch.from_numpy(padded)[None])[0].T
        np.testing.assert_allclose(stored[f"{cut.id} semantic"], expected, rtol=1e-3, atol=1e-6)


def test_perturbed_copies_differ_but_are_of_one_length(feature_folder: Path) -> None:
    stored = arrays(feature_folder)
    plain = stored["u03 semantic"]
    first, second = stored["u03 semantic_perturbed_0"], stored["u03 semantic_perturbed_1"]
    assert plain.shape == first.shape == second.shape
    assert not np.array_equal(plain, first)
    assert not np.array_equal(first, second)


def test_perturbed_copies_can_be_recorded_again(fake_semantic: None, tmp_path: Path) -> None:
    """The equaliser moves the mean magnitudes; the recording's own vectors stay as they are."""
    manifest = make_manifest(tmp_path, [1.0])
    fields, setup = plan(perturbed_copies=1)
    conditions = RecordingConditionsConfig(noise_chance=1, noise_ratio=(0, 0))
    noisy = setup.features.model_copy(update={"perturbed_conditions": conditions})
    extract(manifest, tmp_path / "clean", fields, setup)
    extract(manifest, tmp_path / "noisy", fields, setup.model_copy(update={"features": noisy}))
    clean, recorded = arrays(tmp_path / "clean"), arrays(tmp_path / "noisy")
    np.testing.assert_array_equal(clean["u00 semantic"], recorded["u00 semantic"])
    before, after = (made["u00 semantic_perturbed_0"] for made in (clean, recorded))
    assert np.abs(after[:, 1] - before[:, 1]).max() > 0.01


def test_tokens_follow_the_text_or_the_given_ipa(
    fake_semantic: None, feature_folder: Path, tmp_path: Path
) -> None:
    spoken = read_cuts(feature_folder)[0].supervisions[0].custom
    assert spoken["ipa"].startswith("ðɪs ɪz nˈʌmbɚ")
    assert len(spoken["tokens"]) == len(spoken["ipa"])
    manifest = make_manifest(tmp_path, [0.6])
    table = tmp_path / "table.jsonl"
    row = json.loads(table.read_text(encoding="utf-8")) | {"ipa": "ˈaɪ"}
    table.write_text(json.dumps(row), encoding="utf-8")
    write_cuts(iterate_corpus(table), manifest)
    extract(manifest, tmp_path / "features", *plan(0))
    (cut,) = read_cuts(tmp_path / "features")
    assert cut.supervisions[0].custom["ipa"] == "ˈaɪ"
    assert len(cut_tokens(cut) or ()) == 3


def test_audio_only_corpora_get_no_tokens(fake_semantic: None, tmp_path: Path) -> None:
    extract(make_manifest(tmp_path, [0.6], texts=False), tmp_path / "features", *plan(0))
    assert cut_tokens(read_cuts(tmp_path / "features")[0]) is None


def test_a_run_that_died_goes_on_where_it_was(
    fake_semantic: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "BLOCK_CUTS", 2)
    manifest = make_manifest(tmp_path, [0.6] * 6)
    extract(manifest, tmp_path / "whole", *plan())
    done = []

    def die_in_second_block(self: BlockExtractor, cuts: list, path: Path) -> None:
        if len(done) == 1:
            path.with_name("00001.h5").write_bytes(b"half a block")
            path.with_name(".00001-a7c4.h5").write_bytes(b"half a block")
            raise KeyboardInterrupt
        done.append(path)
        block(self, cuts, path)

    block = BlockExtractor.extract
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(BlockExtractor, "extract", die_in_second_block)
        extract(manifest, tmp_path / "resumed", *plan())
    assert not (tmp_path / "resumed" / "cuts.jsonl.gz").exists()
    first = (tmp_path / "resumed" / "blocks" / "00000.h5").stat().st_mtime_ns
    extract(manifest, tmp_path / "resumed", *plan())
    assert (tmp_path / "resumed" / "blocks" / "00000.h5").stat().st_mtime_ns == first
    assert not list((tmp_path / "resumed" / "blocks").glob(".*"))
    assert same(arrays(tmp_path / "resumed"), arrays(tmp_path / "whole"))


def test_shards_make_the_same_folder_together(
    fake_semantic: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "BLOCK_CUTS", 2)
    manifest = make_manifest(tmp_path, [0.6 + 0.1 * number for number in range(6)])
    extract(manifest, tmp_path / "whole", *plan())
    half = extract(manifest, tmp_path / "shared", *plan(), shard=Shard.parse("1/2"))
    assert half.missing == 2
    assert not (tmp_path / "shared" / "cuts.jsonl.gz").exists()
    rest = extract(manifest, tmp_path / "shared", *plan(), shard=Shard.parse("0/2"))
    assert rest.missing == 0
    assert same(arrays(tmp_path / "shared"), arrays(tmp_path / "whole"))


@pytest.mark.parametrize("text", ["2/2", "0", "a/b", "-1/2", "0/0"])
def test_bad_shards(text: str) -> None:
    with pytest.raises(DataError, match="write 0/2"):
        Shard.parse(text)


def test_failing_cuts_are_reported_and_left_out(fake_semantic: None, tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6, 0.6, 0.6])
    soundfile.write(tmp_path / "u01.wav", np.zeros(9600), RATE)
    (tmp_path / "u02.wav").unlink()
    result = extract(manifest, tmp_path / "features", *plan())
    assert [cut.id for cut in read_cuts(tmp_path / "features")] == ["u00"]
    assert [failure.id for failure in result.failures] == ["u01", "u02"]
    with (tmp_path / "features" / FAILURES_NAME).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert "silent" in rows[0]["reason"]
    assert "no audio file" in rows[1]["reason"]


class Picky(FrameEnergies):
    """Refuses a batch that holds a quiet waveform, and returns infinities for more than a second."""

    def extract(self, wav: Tensor) -> Tensor:
        if (wav.abs().amax(1) < 0.01).any():
            raise RuntimeError("too quiet")
        vectors = super().extract(wav)
        return vectors / 0 if wav.shape[1] > RATE else vectors


def test_one_bad_waveform_does_not_take_its_batch_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "hiervox.processors.semantic.build_semantic_extractor", lambda config, device: Picky()
    )
    manifest = make_manifest(tmp_path, [0.6, 0.6, 1.2])
    quiet, rate = soundfile.read(tmp_path / "u01.wav")
    soundfile.write(tmp_path / "u01.wav", quiet * 0.01, rate)
    result = extract(manifest, tmp_path / "features", *plan(0))
    assert {failure.id: failure.reason for failure in result.failures} == {
        "u01": "RuntimeError: too quiet",
        "u02": "the semantic vectors do not fit float16",
    }


def test_it_is_an_error_when_everything_fails(fake_semantic: None, tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6])
    (tmp_path / "u00.wav").unlink()
    with pytest.raises(DataError, match="every cut failed, the first with: no audio file"):
        extract(manifest, tmp_path / "features", *plan())


def test_missing_weights_are_no_failure_of_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(config: object, device: str) -> None:
        raise DependencyError("no weights", "fetch them")

    monkeypatch.setattr("hiervox.processors.semantic.build_semantic_extractor", build)
    with pytest.raises(DependencyError):
        extract(make_manifest(tmp_path, [0.6]), tmp_path / "features", *plan())


def test_a_folder_of_other_features_or_cuts_is_refused(fake_semantic: None, tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path / "a", [0.6])
    extract(manifest, tmp_path / "features", *plan(0))
    with pytest.raises(DataError, match="other features"):
        extract(manifest, tmp_path / "features", *plan(1))
    with pytest.raises(DataError, match="other cuts"):
        extract(make_manifest(tmp_path / "b", [0.7]), tmp_path / "features", *plan(0))


def test_a_moved_folder_still_reads(feature_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(feature_folder, tmp_path / "moved")
    paths = {cut.semantic.array.storage_path for cut in read_cuts(tmp_path / "moved")}
    assert paths == {str(tmp_path / "moved" / "blocks" / "00000.h5")}


def test_processes_do_the_same_as_one(tmp_path: Path) -> None:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    torch.manual_seed(0)
    layers = {"conv_dim": [8] * 7, "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2}
    rest = {"intermediate_size": 8, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
    Wav2Vec2Model(Wav2Vec2Config(**layers, **rest)).save_pretrained(tmp_path / "network")
    config = FeaturesConfig.model_validate(
        {
            "semantic": {"name": str(tmp_path / "network"), "layer": 1},
            "pitch": {"method": "dio"},
            "perturbed_copies": 1,
        }
    )
    manifest = make_manifest(tmp_path, [0.6] * (extraction.BLOCK_CUTS + 1))
    setup = FeatureSetup(features=config)
    extract(manifest, tmp_path / "one", plan()[0], setup)
    extract(manifest, tmp_path / "two", plan()[0], setup, LocalLauncher(jobs=2))
    one, two = arrays(tmp_path / "one"), arrays(tmp_path / "two")
    assert one.keys() == two.keys()
    assert all(np.allclose(one[key], two[key], rtol=2e-3, atol=2e-3) for key in one)


def _die(number: int) -> None:
    """In place of `_do_given`."""
    os._exit(1)


def test_a_process_that_died_is_one_line_and_what_is_done_stays(
    fake_semantic: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "BLOCK_CUTS", 2)
    manifest, threads = make_manifest(tmp_path, [0.6, 0.6, 0.8, 0.8]), torch.get_num_threads()
    with monkeypatch.context() as patch, pytest.raises(DataError, match="an extraction process died"):
        patch.setattr(processes, "_do_given", _die)
        extract(manifest, tmp_path / "features", *plan(), LocalLauncher(jobs=2))
    assert torch.get_num_threads() == threads
    extract(manifest, tmp_path / "features", *plan())
    extract(manifest, tmp_path / "whole", *plan())
    assert same(arrays(tmp_path / "features"), arrays(tmp_path / "whole"))


def test_every_block_is_taken_once() -> None:
    blocks, taken = deque(range(100)), list[int]()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(processes._take, blocks, taken.append) for _ in range(4)]:
            done.result()
    assert sorted(taken) == list(range(100))


def test_processes_begin_with_the_longest_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Launcher(LocalLauncher):
        def run(self, work: BlockWork, blocks: Sequence[int]) -> Iterator[int]:
            seen.extend(blocks)
            return iter(())

    monkeypatch.setattr(extraction, "BLOCK_CUTS", 2)
    manifest = make_manifest(tmp_path, [0.6, 0.6, 0.9, 0.9, 0.8, 0.7, 0.6])
    assert extract(manifest, tmp_path / "features", *plan(), Launcher()).missing == 4
    assert seen == [1, 2, 0, 3]


def test_a_block_that_fails_leaves_none_to_other_processes() -> None:
    def fail(block: object) -> None:
        raise OSError("no space left")

    blocks = deque(range(3))
    with pytest.raises(OSError, match="no space"):
        processes._take(blocks, fail)
    assert not blocks


def test_processes_find_what_they_need_imported() -> None:
    code = (
        "from concurrent.futures import ProcessPoolExecutor as Pool\n"
        "from hiervox.models.base.data.processes import MODULES, extraction_context\n"
        "import sys\n"
        "assert 'torch' not in sys.modules\n"
        "loaded = f'{set(MODULES)} <= set(__import__(\"sys\").modules)'\n"
        "with Pool(1, mp_context=extraction_context('cpu')) as pool:\n"
        "    assert pool.submit(eval, loaded).result()\n"
        "assert extraction_context('cuda').get_start_method() == 'spawn'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_a_config_without_a_system_stands_for_speech(tmp_path: Path) -> None:
    config = tmp_path / "experiment.json5"
    config.write_text('{model: {}, features: {semantic: {layer: 9}, pitch: {method: "dio"}}}')
    fields, setup = load_plan([config], ["features.perturbed_copies=3"])
    read = setup.features
    assert (read.semantic.layer, read.pitch.method, read.perturbed_copies) == (9, "dio", 3)
    assert fields == {"wav", "f0", "tokens", "semantic", "semantic_perturbed"}
    with pytest.raises(ConfigError, match=r"'features.pitch.methd' in --set: did you mean 'method'"):
        load_plan([config], ["features.pitch.methd=yaapt"])
    with pytest.raises(ConfigError, match=r"'features.pich' in --set: did you mean 'pitch'"):
        load_plan([config], ["features.pich.method=yaapt"])
    config.write_text("{}")
    with pytest.raises(ConfigError, match="no section `features`"):
        load_plan([config])


def experiment(path: Path, part: str, features: str) -> Path:
    path.write_text(f'{{system: "hierspeechpp", part: "{part}", features: {features}}}')
    return path


def test_a_part_asks_for_its_fields_and_two_for_both(tmp_path: Path) -> None:
    one = '{semantic: {layer: 3}, pitch: {method: "dio"}}'
    both = '{semantic: {layer: 3}, pitch: {method: "dio"}, perturbed_copies: 2}'
    synthesizer = experiment(tmp_path / "synthesizer.json5", "synthesizer", both)
    reader = experiment(tmp_path / "reader.json5", "text_to_vec", one)
    assert load_plan([reader])[0] == {"wav", "f0", "semantic", "tokens"}
    fields, setup = load_plan([reader, synthesizer])
    assert fields == {"wav", "f0", "semantic", "semantic_perturbed", "tokens"}
    assert (setup.pad_multiple, setup.features.perturbed_copies) == (1280, 2)
    both_parts = tmp_path / "features.json5"
    both_parts.write_text(f'{{system: "hierspeechpp", features: {both}}}')
    assert load_plan([both_parts]) == (fields, setup)
    other = experiment(tmp_path / "other.json5", "text_to_vec", "{semantic: {layer: 4}}")
    with pytest.raises(ConfigError, match=r"synthesizer\.json5 says features\.(pitch|semantic)"):
        load_plan([other, synthesizer])


def test_tokens_need_no_semantic_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(config: object, device: str) -> None:
        raise AssertionError("no encoder is asked for")

    monkeypatch.setattr("hiervox.processors.semantic.build_semantic_extractor", build)
    folder = tmp_path / "features"
    extract(make_manifest(tmp_path, [0.6]), folder, {"tokens"}, FeatureSetup())
    (cut,) = read_cuts(folder)
    assert cut_tokens(cut)
    assert not cut.custom


def test_features_that_differ_from_the_experiment_are_named(feature_folder: Path) -> None:
    def require(fields: set[str], **changes: object) -> None:
        features = plan()[1].features
        tree = {
            name: getattr(features, name)
            for name in ("semantic", "pitch", "perturbation", "perturbed_copies")
        }
        setup = FeatureSetup(features=FeaturesConfig(**(tree | changes)), pad_multiple=1280)
        require_features(feature_folder, setup, fields)

    require({"semantic", "semantic_perturbed", "f0"})
    with pytest.raises(ConfigError, match=r"features.pitch.method dio.* says yaapt"):
        require({"f0"}, pitch={"method": "yaapt"})
    require({"semantic"}, pitch={"method": "yaapt"})
    with pytest.raises(ConfigError, match="layer 2"):
        require({"semantic"}, semantic={"family": "whisper", "name": "none", "layer": 2})
    with pytest.raises(ConfigError, match="perturbed_copies"):
        require({"semantic_perturbed"}, perturbed_copies=0)
    require({"semantic"}, perturbed_copies=0)
    with pytest.raises(ConfigError, match=r"data.pad_multiple 1280, but the experiment says 320"):
        require_features(feature_folder, FeatureSetup(features=plan()[1].features), {"f0"})
    with pytest.raises(DataError, match="holds no codes"):
        require({"codes"})


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from hiervox.models.base.data.extraction import extract
from hiervox.models.base.data.setup import FeatureSetup
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    extract(Path(sys.argv[1]), Path(sys.argv[2]), {"wav"}, FeatureSetup())
except OSError as error:
    print(error)
"""


def test_a_full_disk_ends_extraction_with_the_name_of_the_file(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [2.0])
    command = [sys.executable, "-c", FULL_DISK, str(manifest), str(tmp_path / "features")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.search(r"File too large: '.*00000\.h5'", done.stdout)
    assert not list((tmp_path / "features").glob("blocks/*"))


def test_an_output_that_can_not_be_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6])
    for place in (manifest, Path("/proc/features"), Path("a\0b")):
        with pytest.raises(ConfigError, match="can't write"):
            extract(manifest, place, {"wav"}, FeatureSetup())
