"""Tests of `hiervox.models.sr.speechsr.task` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.manifest import write_cuts
from hiervox.models.base.training.loop import TrainingLoop, train
from hiervox.models.sr.speechsr.config import SpeechSRExperiment
from hiervox.models.sr.speechsr.task import SpeechSRTask
from hiervox.processors.audio import resample
from hiervox.utils.errors import DataError
from tests.overfit import overfit

SECONDS = 0.5


def _cuts(folder: Path, rate: int, count: int = 6) -> Path:
    """Glides with harmonics up to the band's edge, as a cut manifest."""
    time = np.arange(int(SECONDS * rate)) / rate
    rows = ["audio"]
    for number in range(count):
        phase = 2 * np.pi * (100 + 20 * number) * time * (1 + 0.2 * time)
        wav = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 60)) * 0.2
        soundfile.write(folder / f"glide_{number}.wav", wav, rate)
        rows.append(f"glide_{number}.wav")
    (folder / "table.csv").write_text("\n".join(rows) + "\n")
    write_cuts(iterate_corpus(folder / "table.csv"), folder / "cuts.jsonl.gz")
    return folder / "cuts.jsonl.gz"


def _task(cuts: Path, rate: int = 24_000, **data: Any) -> SpeechSRTask:
    tree = {
        "system": "speechsr",
        "part": "speechsr",
        "out_dir": "run",
        "data": {"cuts": str(cuts), "dev_size": 2, **data},
        "model": {"rate": rate, "channels": 8, "kernel_sizes": [3], "dilations": [[1, 3]]},
        "discriminators": {
            "stft": {"window_lengths": [512, 128], "channels": 4},
            "period": {"periods": [2, 3], "channels": [4, 8]},
            "wavelet": {"levels": 1, "width": 8},
        },
        "train": {"batch_size": 2, "workers": 0},
    }
    return SpeechSRTask(SpeechSRExperiment.model_validate(tree))


def _batches(task: SpeechSRTask, split: Any = "train", **place: int) -> list[dict[str, Any]]:
    place = {"epoch": 0, "skip_batches": 0, "rank": 0, "world_size": 1, **place}
    return list(task.loader(split, **place))


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_batches_are_segments_at_the_output_rate(tmp_path: Path, rate: int) -> None:
    task = _task(_cuts(tmp_path, rate), rate)
    batches = _batches(task)
    assert [batch["wav"].shape for batch in batches] == [(2, 9600), (2, 9600)]
    own, _ = soundfile.read(tmp_path / f"{batches[0]['ids'][0]}.wav", dtype="float32")
    padded = np.pad(own, (0, 9600))
    starts = range(0, len(own), rate // 50)
    assert any(np.allclose(padded[start : start + 9600], batches[0]["wav"][0], atol=1e-6) for start in starts)


def test_batches_depend_on_epoch_and_place_alone(tmp_path: Path) -> None:
    task = _task(_cuts(tmp_path, 24_000))
    first, again = _batches(task), _batches(task)
    assert all(torch.equal(one["wav"], other["wav"]) for one, other in zip(first, again, strict=True))
    assert torch.equal(_batches(task, skip_batches=1)[0]["wav"], first[1]["wav"])
    assert not torch.equal(_batches(task, epoch=1)[0]["wav"], first[0]["wav"])
    shares = [_batches(task, rank=rank, world_size=2) for rank in range(2)]
    assert len(shares[0]) == len(shares[1]) == 1
    assert not set(shares[0][0]["ids"]) & set(shares[1][0]["ids"])
    assert len(_batches(task, "dev")) == 1


def test_low_rate_recordings_are_refused_unless_allowed(tmp_path: Path) -> None:
    cuts = _cuts(tmp_path, 24_000)
    with pytest.raises(DataError, match=r"glide_0\.wav has 24000 Hz"):
        _batches(_task(cuts, 48_000))
    batch = _batches(_task(cuts, 48_000, allow_band_limited=True))[0]
    assert batch["wav"].shape == (2, 9600)


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_input_is_the_recording_at_16_khz(tmp_path: Path, rate: int) -> None:
    task = _task(_cuts(tmp_path, rate), rate)
    batch = _batches(task)[0]
    output = task.forward(task.build_networks(), batch)
    expected = resample(batch["wav"][0].numpy(), rate, 16_000)
    inner = slice(800, -800)  # a segment's edges are within the filter's length of zeros
    np.testing.assert_allclose(output.extras[0, 0, inner], expected[inner], atol=3e-3)
    assert output.fake.shape == output.real.shape == (2, 1, 9600)


def test_very_short_segments_are_padded_to_the_longest_window(tmp_path: Path) -> None:
    task = _task(_cuts(tmp_path, 24_000))
    output = task.forward(task.build_networks(), {"wav": torch.randn(1, 480)})
    assert output.fake.shape == output.real.shape
    assert output.real.shape[-1] >= 960
    task.losses("discriminator", task.build_networks(), {}, output, 0)


def test_each_phase_trains_its_own_network(tmp_path: Path) -> None:
    task = _task(_cuts(tmp_path, 24_000))
    networks, batch = task.build_networks(), _batches(task)[0]
    output = task.forward(networks, batch)
    task.total(task.losses("discriminator", networks, batch, output, 0), 0).backward()
    assert all(parameter.grad is None for parameter in networks["main"].parameters())
    assert all(parameter.grad is not None for parameter in networks["discriminator"].parameters())
    terms = task.losses("main", networks, batch, output, 0)
    assert set(terms) == {"mel", "adversarial", "feature_matching"}
    total = 45 * terms["mel"] + terms["adversarial"] + 2 * terms["feature_matching"]
    assert task.total(terms, 0).item() == pytest.approx(total.item())
    task.total(terms, 0).backward()
    assert all(parameter.grad is not None for parameter in networks["main"].parameters())


def test_overfits_one_batch(tmp_path: Path) -> None:
    task = _task(_cuts(tmp_path, 24_000))
    history = overfit(task, _batches(task)[0], steps=60, learning_rate=2e-3)
    assert history[-1]["mel"] < 0.55 * history[0]["mel"]
    assert all(np.isfinite(value) for terms in history for value in terms.values())


def test_light_network_learns_the_new_band_without_discriminators(tmp_path: Path) -> None:
    tree = _task(_cuts(tmp_path, 24_000)).config.model_dump()
    light = {"kind": "istft", "channels": 16, "n_blocks": 2}
    alone = {"adversarial": 0, "feature_matching": 0}
    task = SpeechSRTask(SpeechSRExperiment.model_validate({**tree, "model": light, "loss": alone}))
    assert list(task.build_networks()) == ["main"] and task.phases == ("main",)
    history = overfit(task, _batches(task)[0], steps=40, learning_rate=3e-3)
    assert set(history[0]) == {"mel"}
    assert history[-1]["mel"] < 0.55 * history[0]["mel"]


def test_media_shows_input_recording_and_output(tmp_path: Path) -> None:
    task = _task(_cuts(tmp_path, 24_000))
    with torch.no_grad():
        media = task.media(task.build_networks(), _batches(task, "dev")[0])
    shapes = {name: (tuple(wav.shape), rate) for name, (wav, rate) in media.audio.items()}
    assert shapes == {
        "low": ((6400,), 16_000),
        "recorded": ((9600,), 24_000),
        "upsampled": ((9600,), 24_000),
    }
    assert set(media.figures) == {"mel/recorded", "mel/upsampled"}


ALONE = {"adversarial": 0, "feature_matching": 0}


def _run(task: SpeechSRTask, folder: Path, **sections: Any) -> SpeechSRTask:
    tree = task.config.model_dump()
    train_keys = {**tree["train"], "max_steps": 2, "validate_every": 2, "save_every": 2}
    return SpeechSRTask(
        SpeechSRExperiment.model_validate({**tree, "out_dir": folder, "train": train_keys, **sections})
    )


@pytest.mark.parametrize("order", ["with then without", "without then with"])
def test_a_run_starts_from_one_with_or_without_discriminators(tmp_path: Path, order: str) -> None:
    base = _task(_cuts(tmp_path, 24_000))
    runs = {"with": _run(base, tmp_path / "with"), "without": _run(base, tmp_path / "without", loss=ALONE)}
    first, _, second = order.split()
    train(runs[first], "cpu")
    loop = TrainingLoop(runs[second], "cpu")
    loop.initialise_from(tmp_path / first)
    given, _ = load_network(tmp_path / first)
    for name, tensor in loop.engine.bare("main").state_dict().items():
        assert torch.equal(tensor, given.state_dict()[name])
    loop.begin()
    loop.run()
    state = tmp_path / second / "checkpoints" / "step-00000002" / "state"
    assert (state / "discriminator.safetensors").exists() is (second == "with")


def test_a_run_takes_the_discriminators_of_another_that_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = _task(_cuts(tmp_path, 24_000))
    train(_run(base, tmp_path / "first"), "cpu")
    loop = TrainingLoop(_run(base, tmp_path / "second"), "cpu")
    loop.initialise_from(tmp_path / "first")
    saved = load_file(tmp_path / "first/checkpoints/step-00000002/state/discriminator.safetensors")
    own = loop.engine.bare("discriminator").state_dict()
    assert saved.keys() == own.keys() and all(torch.equal(saved[name], own[name]) for name in saved)
    kinds = {
        "stft": {"window_lengths": [512, 128], "channels": 4},
        "period": {"periods": [2], "channels": [4, 8]},
    }
    loop = TrainingLoop(_run(base, tmp_path / "third", discriminators=kinds), "cpu")
    loop.initialise_from(tmp_path / "first")
    own = loop.engine.bare("discriminator").state_dict()
    kept = {name for name in own if name.startswith("members.stft.")}
    assert kept and all(torch.equal(saved[name], own[name]) for name in kept)
    assert "the discriminator period is not in the given run" in capsys.readouterr().err


def test_the_generator_learns_alone_until_the_discriminators_start(tmp_path: Path) -> None:
    tree = _task(_cuts(tmp_path, 24_000)).config.model_dump()
    tree["train"]["networks"] = {"discriminator": {"start_step": 2}}
    tree["loss"]["kind"] = "hinge"
    task = SpeechSRTask(SpeechSRExperiment.model_validate(tree))
    history = overfit(task, _batches(task)[0], steps=3)
    alone, together = {"mel"}, {"mel", "adversarial", "feature_matching", "discriminator"}
    assert [set(terms) for terms in history] == [alone, alone, together]
