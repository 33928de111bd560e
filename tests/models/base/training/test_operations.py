"""How many operations a training step starts, and whether it waits for a value, counted on a CPU.

A GPU waits for operations to be started where there are many small ones, and for the processor wherever a
value is read back.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from hiervox.models.base.benchmark.training import random_batch
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.utils.errors import ConfigError
from hiervox.utils.operations import counted
from tests.models.base.toy import ToyTask, toy_experiment

EGS = Path(__file__).resolve().parents[4] / "egs"
SEARCH = "alignment/monotonic.py"
"""The search for an alignment, which is the processor's; it refuses impossible ones there."""
STEPS = {
    "tts/hierspeechpp/mini/conf/speechsr24.json5": (1500, ()),
    "tts/hierspeechpp/mini/conf/synthesizer.json5": (5000, ()),
    "tts/hierspeechpp/mini/conf/text_to_vec.json5": (2600, (SEARCH,)),
    "tts/glow_tts/mini/conf/glow_tts.json5": (1450, (SEARCH,)),
    "tts/matcha_tts/mini/conf/matcha_tts.json5": (1450, (SEARCH,)),
    "tts/f5_tts/mini/conf/f5_tts.json5": (950, ()),
    "tts/vits/mini/conf/vits.json5": (1950, (SEARCH,)),
    "tts/fastspeech2/mini/conf/fastspeech2.json5": (880, ()),
    "tts/valle/mini/conf/autoregressive.json5": (450, ()),
    # the shortest clip says how long a prompt may be; codebook and length are drawn on the processor
    "tts/valle/mini/conf/non_autoregressive.json5": (560, ("valle/task.py",)),
    # sequences are packed by lengths that the processor knows
    "tts/wavegrad2/mini/conf/wavegrad2.json5": (800, ("networks/packed_lstm.py",)),
    "vc/hiervst/mini/conf/hiervst.json5": (2900, ()),
    "svc/transformer_svc/mini/conf/transformer_svc.json5": (650, ()),
    "svc/vits_svc/mini/conf/vits_svc.json5": (2000, ()),
    "svc/diffcomo_svc/mini/conf/teacher.json5": (1050, ()),
    "svc/diffwavenet_svc/mini/conf/diffwavenet_svc.json5": (700, ()),
    "vocoder/hifigan/conf/small.json5": (1350, ()),
    "vocoder/wavegrad/conf/small.json5": (450, ()),
    # the number of codebooks is drawn on the processor; a codebook asks once whether it has begun
    "codec/encodec/mini/conf/encodec.json5": (7500, ("encodec/task.py", "quantization/codebook.py")),
    "tts/naturalspeech2/mini/conf/naturalspeech2.json5": (1900, ()),
    "codec/facodec/mini/conf/facodec.json5": (3000, ()),
    "tta/audioldm/mini/conf/autoencoder.json5": (450, ()),
}
"""Config → the most operations of a step, and the places that may wait."""


def _experiment(config: str) -> ExperimentConfig:
    return load_experiment(EGS / config, ["data.cuts=.", "out_dir=."])


def _engine(experiment: ExperimentConfig) -> tuple[StepEngine, dict[str, object]]:
    task = build_task(experiment)
    assert isinstance(task, CutTrainingTask)
    batch = random_batch(experiment, task.batch_fields(), 2, 1.0)
    return StepEngine(task, "cpu"), batch


@pytest.mark.parametrize("config", STEPS)
def test_a_step_starts_no_more_operations_and_waits_for_no_value(config: str) -> None:
    most, waiting = STEPS[config]
    engine, batch = _engine(_experiment(config))
    engine.step(batch, 0)
    with counted() as operations:
        engine.step(batch, 1)
    assert 0.7 * most < operations.count <= most
    assert not [place for place in operations.waits if not place.startswith(waiting or ("nowhere",))]
    assert operations.waits[SEARCH] <= 1


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_network_trains_as_it_does_otherwise(tmp_path: Path) -> None:
    engines = [
        StepEngine(ToyTask(toy_experiment(tmp_path, compile=names, ema_decay=0.5)), "cpu")
        for names in (None, ("discriminator",))
    ]
    plain, compiled = engines
    name = "discriminator"
    assert compiled.bare(name).state_dict().keys() == plain.bare(name).state_dict().keys()
    batches = list(plain.task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1))[:2]
    for step, batch in enumerate(batches):
        made = []
        for engine in engines:
            torch.manual_seed(step)
            made.append(engine.step(batch, step))
        torch.testing.assert_close(made[1], made[0])
    assert compiled.bare(name)._compiled_call_impl is not None


def test_without_a_compiler_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ConfigError, match="needs a C\\+\\+ compiler"):
        StepEngine(ToyTask(toy_experiment(tmp_path, compile=("discriminator",))), "cpu")


def test_only_networks_can_be_compiled(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.compile has 'generatr'"):
        StepEngine(ToyTask(toy_experiment(tmp_path, compile=("generatr",))), "cpu")
