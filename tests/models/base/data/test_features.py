"""Fields of batches: segments, spectra, speakers, captions, durations, and a feature of another package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from hiervox.models.base.config import DataConfig, ExperimentConfig, TrainConfig
from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.feature import Feature
from hiervox.models.base.data.feature_registry import FEATURES
from hiervox.models.base.data.loader import CutLoader
from hiervox.models.base.data.manifest import read_cuts, write_cuts
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import ConfigError, DataError
from tests.models.base.data.corpora import make_manifest, voice

RATE = 22_050
MEL = SpectrogramConfig(
    sample_rate=RATE, n_fft=1024, win_length=1024, hop_length=256, n_mels=20, f_max=8000.0
)


class Experiment(ExperimentConfig):
    """One with spectrograms."""

    mel: SpectrogramConfig = MEL
    features: FeaturesConfig = FeaturesConfig()


def batches(manifest: Path, *fields: str, features: dict[str, Any] | None = None, **data: Any) -> list[Any]:
    values = {"dev_size": 0, "sample_rate": RATE, **data}
    experiment = Experiment(
        system="x",
        part="y",
        out_dir=Path("unused"),
        data=DataConfig(cuts=manifest, **values),
        train=TrainConfig(batch_size=4, workers=0),
        features=FeaturesConfig.model_validate(features or {}),
    )
    order = {"epoch": 0, "skip_batches": 0, "rank": 0, "world_size": 1}
    return list(CutLoader(experiment, frozenset(fields)).batches("train", **order))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_manifest(tmp_path_factory.mktemp("corpus"), [0.3, 0.7, 0.9, 1.1], rate=RATE)


def test_the_registry_has_every_file(manifest: Path) -> None:
    assert {
        "wav", "mel", "linear", "energy", "f0", "tokens", "semantic", "semantic_perturbed", "codes",
        "durations", "speaker", "caption",
    } <= FEATURES.keys()  # fmt: skip


def test_segments_have_one_length_in_samples_at_any_rate(manifest: Path) -> None:
    (batch,) = batches(manifest, "wav", "mel", "linear", "energy", segment_samples=8192)
    assert batch["wav"].shape == (4, 8192)
    assert batch["mel"].shape == (4, 20, 32)
    assert batch["linear"].shape == (4, 513, 32)
    assert batch["energy"].shape == (4, 32)
    lengths = dict(zip(batch["ids"], batch["frames"].tolist(), strict=True))
    assert lengths == {"u00": 26, "u01": 32, "u02": 32, "u03": 32}
    longest = batch["ids"].index("u03")
    expected = log_mel(batch["wav"][longest][None], MEL)[0]
    torch.testing.assert_close(batch["mel"][longest], expected)
    short = batch["ids"].index("u00")
    assert not batch["wav"][short, 26 * 256 :].any()
    assert batch["mel"][short, :, 26:].unique().tolist() == pytest.approx([np.log(1e-3)])


def test_a_segment_is_of_the_recording(manifest: Path) -> None:
    (batch,) = batches(manifest, "wav", segment_samples=4096)
    for row, name in enumerate(batch["ids"]):
        whole = soundfile.read(manifest.parent / f"{name}.wav", dtype="float32")[0]
        segment = batch["wav"][row].numpy()
        starts = [n for n in range(0, whole.size - 4096, 256) if np.array_equal(whole[n : n + 4096], segment)]
        assert len(starts) == 1


@pytest.mark.parametrize(
    ("fields", "data", "message"),
    [
        (("wav",), {"segment_samples": 1000}, "1000 is not a multiple of the hop length 256"),
        (("tokens",), {"segment_samples": 1024}, "where batches hold tokens"),
        (("mel",), {"hop_length": 200}, "mel.hop_length is 256, but the frames of mel have 200"),
        (("codes",), {}, "run `hiervox extract`"),
    ],
)
def test_what_does_not_fit_is_refused(
    manifest: Path, fields: tuple[str, ...], data: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        batches(manifest, *fields, **data)


def test_speakers_and_captions(manifest: Path) -> None:
    table = {"speaker": {"names": ["s0", "s1", "s2"]}}
    (batch,) = batches(manifest, "speaker", "caption", features=table)
    assert dict(zip(batch["ids"], batch["speaker"].tolist(), strict=True)) == {
        "u00": 0, "u01": 1, "u02": 2, "u03": 0,
    }  # fmt: skip
    assert sorted(batch["caption"]) == [f"this is number {number}" for number in range(4)]
    with pytest.raises(DataError, match=r"'s[12]' of u0. is not among the 1"):
        batches(manifest, "speaker", features={"speaker": {"names": ["s0"]}})


def test_durations_come_from_alignments(tmp_path: Path) -> None:
    from lhotse.supervision import AlignmentItem

    manifest = make_manifest(tmp_path, [0.6], rate=RATE)
    (cut,) = read_cuts(manifest)
    (supervision,) = cut.supervisions
    supervision.custom = {"tokens": [5, 6, 7]}
    times = [(0.0, 0.1), (0.1, 0.25), (0.35, 0.2)]
    supervision.alignment = {"phone": [AlignmentItem(str(n), *time) for n, time in enumerate(times)]}
    write_cuts([cut], manifest)
    (batch,) = batches(manifest, "tokens", "durations", "phones")
    assert batch["durations"].tolist() == [[9, 21, 22]]
    assert torch.equal(batch["phones"][0], batch["tokens"][0].repeat_interleave(batch["durations"][0]))
    assert int(batch["durations"].sum()) == int(batch["frames"])
    supervision.custom = {"tokens": [5, 6]}
    write_cuts([cut], manifest)
    with pytest.raises(DataError, match="3 phonemes for its 2 tokens"):
        batches(manifest, "tokens", "durations")


PACKAGE = '''
from hiervox.models.base.features import Feature
from hiervox.utils.config import Config


class CrossingsConfig(Config):
    scale: float = 1.0


class Crossings(Feature):
    """Whether each frame holds a sign change, times `features.crossings.scale`."""

    name = "crossings"
    settings = {"crossings": (CrossingsConfig, CrossingsConfig())}

    def compute(self, clip):
        import numpy as np

        frames = clip.wav.reshape(-1, self.config.hop_length)
        changes = (np.diff(np.sign(frames)) != 0).any(axis=1)
        return (self.config.features.crossings.scale * changes).astype(np.float32)
'''

PROGRAM = """
import sys
from pathlib import Path
from hiervox.models.base.config import DataConfig, ExperimentConfig, TrainConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.data.loader import CutLoader

class Experiment(ExperimentConfig):
    features: FeaturesConfig

experiment = Experiment(
    system="x", part="y", out_dir="unused", data=DataConfig(cuts=Path(sys.argv[1]), dev_size=0),
    train=TrainConfig(batch_size=4, workers=2), features={"crossings": {"scale": 2.0}},
)
order = {"epoch": 0, "skip_batches": 0, "rank": 0, "world_size": 1}
(batch,) = CutLoader(experiment, frozenset({"crossings"})).batches("train", **order)
assert batch["crossings"].shape == (4, int(batch["frames"].max()))
assert set(batch["crossings"].unique().tolist()) == {0.0, 2.0}
"""


def test_a_package_outside_the_tree_adds_a_field_by_one_file(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "crossings.py").write_text(PACKAGE)
    info = tmp_path / "crossings-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crossings\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hiervox.features]\ncrossings = crossings:Crossings\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(manifest)],
        env={"PATH": "", "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_settings_of_no_feature_are_refused() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        FeaturesConfig.model_validate({"crossing": {}})


def test_an_unvoiced_clip_is_bad_for_f0_only(tmp_path: Path) -> None:
    from hiervox.models.base.data.feature import Limits
    from hiervox.models.base.data.validation import validate_cuts

    soundfile.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).normal(size=16_000), 16_000)
    soundfile.write(tmp_path / "voice.wav", voice(1.0), 16_000)
    rows = [{"audio": "noise.wav"}, {"audio": "voice.wav"}]
    (tmp_path / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_cuts(iterate_corpus(tmp_path / "table.jsonl"), tmp_path / "cuts.jsonl.gz")
    spoken = validate_cuts(tmp_path / "cuts.jsonl.gz", tmp_path / "speech", Limits())
    assert [(issue.id, issue.reason) for issue in spoken.issues] == [("noise", "unvoiced")]
    sound = validate_cuts(tmp_path / "cuts.jsonl.gz", tmp_path / "sound", Limits(), fields={"wav"})
    assert sound.issues == []
    with pytest.raises(DataError, match="none of the 2"):
        validate_cuts(tmp_path / "cuts.jsonl.gz", tmp_path / "named", Limits(), fields={"caption"})


class _Counted(Feature):
    """One row a frame by its frame rate, and as many as a test asks for by its values."""

    name = "counted"
    factor = 1.0

    def compute(self, clip: Clip) -> np.ndarray:
        if self.factor == 0:
            raise ZeroDivisionError("no factor")
        return np.zeros(round(clip.frames * self.factor), np.float32)


@pytest.fixture
def counted() -> Iterator[type[_Counted]]:
    FEATURES.add(_Counted)
    yield _Counted
    FEATURES.remove("counted")
    _Counted.factor = 1.0


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (2.0, r"counted of '\w+' has \d+ rows, and its \d+ frames have \d+ at 50 rows a second: correct its"),
        (0.5, r"counted of '\w+' has \d+ rows"),
        (0.0, r"the feature counted of '\w+' can't be read \(ZeroDivisionError: no factor\): correct the"),
    ],
)
def test_a_feature_of_other_rows_than_its_rate_says_is_refused(
    factor: float, message: str, workers: int, manifest: Path, counted: type[_Counted]
) -> None:
    counted.factor = factor
    experiment = Experiment(
        system="x",
        part="y",
        out_dir=Path("unused"),
        data=DataConfig(cuts=manifest, dev_size=0),
        train=TrainConfig(batch_size=4, workers=workers),
    )
    order: Any = {"epoch": 0, "skip_batches": 0, "rank": 0, "world_size": 1}
    batches = CutLoader(experiment, frozenset({"counted"})).batches("train", **order)
    with pytest.raises(DataError, match=message) as caught:
        next(iter(batches))
    assert "\n" not in str(caught.value) and "worker" not in str(caught.value)


def test_f0_is_normalised_by_the_whole_utterance(manifest: Path) -> None:
    pitch = {"pitch": {"method": "dio"}}
    data = {"sample_rate": 16_000, "hop_length": 320}
    (whole,) = batches(manifest, "normalised_f0", features=pitch, **data)
    for curve in whole["normalised_f0"]:
        voiced = curve[curve != 0]
        assert len(voiced) > 20
        assert float(voiced.mean()) == pytest.approx(0, abs=1e-4)
        assert float(voiced.std(correction=0)) == pytest.approx(1, abs=1e-4)
    (part,) = batches(manifest, "normalised_f0", features=pitch, segment_samples=3200, **data)
    assert part["normalised_f0"].shape == (4, 40)
    for row, name in enumerate(part["ids"]):
        own = whole["normalised_f0"][whole["ids"].index(name)].numpy()
        segment = part["normalised_f0"][row].numpy()
        assert any(np.array_equal(own[n : n + 40], segment) for n in range(0, len(own) - 39, 4))
