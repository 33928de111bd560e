"""A task that a package brings whole: speech separation, one recording in and two out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

import hiervox
from hiervox.models.base.benchmark.models import trials_of
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.tasks import TASKS
from hiervox.utils.errors import ConfigError
from tests.command_line import mistake, run
from tests.plugins import installed

FILES = {
    "separation/__init__.py": """
from hiervox.models.base.card import Part, SystemCard
from hiervox.models.base.tasks import Task

TASK = Task(
    name="separation",
    protocol="separation.pipeline:Separation",
    verb="separate",
    summary="a mixture to its voices",
    pipeline=".pipeline:BandPipeline",
    works=("separation of two voices",),
    metrics=("si_sdr",),
    trial="separation.pipeline:separate",
)
CARD = SystemCard(
    __name__,
    name="bands",
    task="separation",
    summary="low and high, by a moving mean",
    paper="none",
    weights_licence="none published",
    part=Part(config="BandExperiment", network="Bands"),
)
""",
    "separation/config.py": """
from hiervox.models.base.config import ExperimentConfig
from hiervox.utils.config import Config

class BandConfig(Config):
    width: int = 31

class BandExperiment(ExperimentConfig):
    model: BandConfig = BandConfig()
""",
    "separation/network.py": """
import torch
from torch import nn

class Bands(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.mean = nn.Conv1d(1, 1, config.width, padding=config.width // 2, bias=False)

    def forward(self, wav):
        low = self.mean(wav[:, None])[:, 0]
        return torch.stack([low, wav - low], dim=1)
""",
    "separation/pipeline.py": """
from typing import Protocol
import torch
from hiervox.models.base.benchmark.trial import Trial, seconds
from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.processors.audio import resample

class Separation(Protocol):
    rate: int
    def separate(self, wav, rate): ...

class BandPipeline:
    rate = 16_000

    def __init__(self, network):
        self.network = network

    @classmethod
    def load(cls, folder, device="cpu"):
        return cls(load_for_inference(folder, device)[0])

    @torch.inference_mode()
    def separate(self, wav, rate):
        wav = torch.from_numpy(resample(wav, rate, self.rate))
        return list(self.network(wav[None])[0].numpy())

def separate(pipeline, sample):
    return Trial(lambda: seconds(pipeline.separate(sample.wav, sample.rate)[0], pipeline.rate))
""",
    "separation/verb.py": """
from pathlib import Path
from typing import Annotated
import typer
from hiervox.bins.job import BatchOptions, Job, OutputOptions
from hiervox.bins.options import grouped
from hiervox.bins.verbs import Verb

@grouped
def separate(
    recordings: Annotated[list[Path], typer.Argument(metavar="IN...", help="Mixtures.")],
    output: OutputOptions,
    run: BatchOptions,
    voices: Annotated[int, typer.Option(help="How many.")] = 2,
) -> None:
    '''Take the voices of a mixture apart.'''
    names = [f"voice{number}" for number in range(1, voices + 1)]
    job = Job("separation", output.targets(recordings), **vars(run), inputs=recordings, sounds=names)
    for item, wav, rate in job.recordings():
        item.write_sounds(job.pipeline.separate(wav, rate), job.pipeline.rate)

VERB = Verb("separate", separate)
""",
}
POINTS = {
    "hiervox.tasks": {"separation": "separation:TASK"},
    "hiervox.systems": {"bands": "separation:CARD"},
    "hiervox.verbs": {"separate": "separation.verb:VERB"},
}


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        soundfile.write(f"{name}.wav", 0.1 * rng.standard_normal(8_000), 16_000)
    with installed(tmp_path / "site", "speech-separation", POINTS, FILES):
        weights = {"mean.weight": torch.full((1, 1, 31), 1 / 31)}
        Path("bands").mkdir()
        save_weights(Path("bands"), weights, {"system": "bands", "part": "bands", "model": {}})
        yield "bands"


def test_the_card_is_completed_by_its_task(model: str) -> None:
    card = SYSTEMS["bands"]
    assert (card.pipeline, card.works) == ("separation.pipeline:BandPipeline", ("separation of two voices",))
    assert isinstance(hiervox.load(model, device="cpu").network, nn.Module)
    assert {name: trial.whole() for name, trial in trials_of(_opened(model), card, Path(), 0.5).items()} == {
        "separation": 0.5
    }


def _opened(model: str) -> object:
    return hiervox.load(model, "separation", "cpu")


def test_the_verb_writes_all_sounds_with_records_and_leaves_out_what_is_there(model: str) -> None:
    printed = run("separate", "a.wav", "b.wav", "--out-dir", "apart", "--model", model)
    files = [Path("apart") / f"{name}.voice{number}.wav" for name in "ab" for number in (1, 2)]
    assert printed.split() == [str(file) for file in files]
    mixture = soundfile.read("a.wav")[0]
    assert np.allclose(sum(soundfile.read(file)[0] for file in files[:2]), mixture, atol=1e-4)
    record = json.loads(Path("apart/a.voice2.wav.json").read_text())
    assert (record["input"], record["model"], record["sounds"]) == ("a.wav", model, ["voice1", "voice2"])
    again = ("separate", "a.wav", "b.wav", "--out-dir", "apart", "--model", model)
    assert run(*again, "--skip-existing") == "all are there\n"
    files[1].unlink()
    assert "apart/a.voice1.wav exists" in mistake(*again, "--skip-existing")
    assert run(*again, "--skip-existing", "--overwrite").split() == [str(file) for file in files[:2]]
    assert "voice1.wav exists" in mistake(*again)


def test_mistakes_are_told_in_one_line_and_nothing_is_written(model: str) -> None:
    assert mistake("separate", "a.wav", "-o", "x.wav", "--model", model, "--voices", "3") == (
        "the model makes 2 sounds of a.wav: ask for them, not 3"
    )
    assert "where to write is not clear" in mistake("separate", "a.wav", "--model", model)
    Path("c.voice1.wav").write_bytes(Path("a.wav").read_bytes())
    assert "is read as an input" in mistake(
        "separate", "c.voice1.wav", "-o", "c.wav", "--model", model, "--overwrite"
    )
    assert not list(Path().glob("x*"))


def test_it_is_listed(model: str) -> None:
    assert re.search(
        r"^separation +separate +1 +si_sdr +a mixture to its voices +speech-separation 0.1$",
        run("tasks"),
        re.MULTILINE,
    )
    assert re.search(r"^bands +separation +none +none +speech-separation 0.1$", run("systems"), re.MULTILINE)
    assert "separate      Take the voices of a mixture apart. (speech-separation 0.1)" in run("--help")


def test_a_task_that_no_package_brings_is_told(model: str) -> None:
    TASKS.remove("separation")
    with pytest.raises(ConfigError, match="no task 'separation', though there are systems"):
        hiervox.load(model)
