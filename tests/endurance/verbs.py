"""Every verb with what it reads at test size, for tries of all of them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import soundfile
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import load_network, save_weights
from hiervox.models.sr.speechsr.config import SpeechSRExperiment
from hiervox.models.vocoder.training import build_network
from tests.models.base.data.corpora import make_manifest
from tests.models.base.pipelines.toys import CARDS, registered, write_toy
from tests.models.codec.encodec.tiny_encodec import SIZES, tiny_encodec
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle
from tests.models.vocoder.small import RATE, experiment
from tests.textgrids import TEXTGRID

CPU = ("--device", "cpu")
BUNDLE = ("--model", "bundle", *CPU)
OUT = "{out}"
"""In the words of a verb, the folder of its outputs."""


ONCE = ("validate", "extract", "shard", "train", "schedule", "new")
"""Verbs that do not do again what is there: `clear` goes before."""


@dataclass(frozen=True)
class Try:
    """A verb with its words.

    Attributes:
        words: of the command line.
        writes: whether it has an output; all of them lie in `OUT`, or in the home folder there.
    """

    words: tuple[str, ...]
    writes: bool = True

    def run(self, out: Path) -> Any:
        """Its result."""
        words = [word.replace(OUT, str(out)) for word in self.words]
        return CliRunner().invoke(app, words)


def _tries() -> dict[str, Try]:
    replacing = {
        "tts": ("tts", "Hello there.", "--prompt", "voice.wav", "-o", f"{OUT}/tts.wav", *BUNDLE),
        "vc": ("vc", "--source", "a.wav", "--prompt", "voice.wav", "-o", f"{OUT}/vc.wav", *BUNDLE),
        "resynthesize": ("resynthesize", "a.wav", "-o", f"{OUT}/again.wav", *BUNDLE),
        "sr": ("sr", "a.wav", "-o", f"{OUT}/wide.wav", *BUNDLE),
        "f0": ("f0", "a.wav", "-o", f"{OUT}/f0.csv", *BUNDLE),
        "enhance": ("enhance", "a.wav", "-o", f"{OUT}/clean.wav", "--model", "mp_senet", *CPU),
        "vocode": ("vocode", "a.wav", "-o", f"{OUT}/vocoded.wav", "--model", "hifigan", *CPU),
        "codec encode": ("codec", "encode", "a.wav", "-o", f"{OUT}/a.codes", "--model", "encodec", *CPU),
        "codec decode": ("codec", "decode", "a.codes", "-o", f"{OUT}/a.wav", "--model", "encodec", *CPU),
        "tta": ("tta", "A tone.", "--seconds", "2", "-o", f"{OUT}/tta.wav", "--model", "tta", *CPU),
        "voice add": ("voice", "add", "anna", "voice.wav", *BUNDLE),
        "vocabulary": ("vocabulary", "--cuts", "data", "--out", f"{OUT}/symbols.txt"),
        "prepare": ("prepare", "--table", "data/table.jsonl", "--out", f"{OUT}/data"),
        "align": (
            *("align", "--cuts", "data", "--from", "mfa", "--out", f"{OUT}/aligned"),
            *("--textgrid", f"{OUT}/grids", "--ctm", f"{OUT}/a.ctm"),
        ),
        "evaluate": (
            *("evaluate", "--table", "table.csv", "--out", f"{OUT}/scores"),
            *("--metrics", "energy,f0,mcd", *CPU),
        ),
        "listening page": ("listening", "page", "--table", "table.csv", "--out", f"{OUT}/page.html"),
        "listening score": (
            *("listening", "score", "answers.json", "--key", "test.key.json"),
            *("--out", f"{OUT}/listening"),
        ),
        "convert": (
            *("convert", "--system", "speechsr", "--part", "speechsr", "--checkpoint", "published.pth"),
            *("--config", "published.json", "--out", f"{OUT}/converted"),
        ),
        "visualize": (
            *("visualize", "hifigan", "a.wav", "--out", f"{OUT}/stages.html"),
            *("--seconds", "0.5", "--steps", "2", *CPU),
        ),
        "benchmark": (
            *("benchmark", "speechsr", "--workload", "speechsr24", "--repeats", "1", "--warmup", "0"),
            *("--seconds", "0.5", "--json", f"{OUT}/benchmark.json"),
        ),
    }
    once = {
        "validate": ("validate", "--cuts", "speech", "--out", f"{OUT}/valid"),
        "extract": ("extract", "--cuts", "data", "--config", "train.json5", "--out", f"{OUT}/features", *CPU),
        "shard": ("shard", "--cuts", "data", "--out", f"{OUT}/shards"),
        "train": ("train", "--config", "train.json5", "--set", f"out_dir={OUT}/run", *CPU),
        "schedule": (
            *("schedule", "--model", "wavegrad", "--cuts", "data", "--out", f"{OUT}/schedule"),
            *("--steps", "2", "--items", "1", "--tries", "2", *CPU),
        ),
        "new": ("new", "metric", "clippy", f"{OUT}/clippy"),
    }
    reading = {
        "voice list": ("voice", "list", "--model", "bundle"),
        "config show": ("config", "show", "train.json5"),
        "plan": ("plan", "train.json5", "--hours", "10"),
        "models": ("models",),
        "push": ("push", "bundle", "me/my-voice", "--license", "mit", "--print-card"),
        "systems": ("systems",),
        "systems show": ("systems", "show", "hifigan"),
        "tasks": ("tasks",),
        "recipes": ("recipes",),
        "pretrained list": ("pretrained", "list"),
        "doctor": ("doctor",),
    }
    return {
        **{name: Try((*words, "--overwrite")) for name, words in replacing.items()},
        **{name: Try(words) for name, words in once.items()},
        **{name: Try(words, writes=False) for name, words in reading.items()},
    }


TRIES: Mapping[str, Try] = _tries()


@contextmanager
def world(folder: Path) -> Iterator[Path]:
    """A working directory with all that the tries read."""
    before = Path.cwd()
    place = folder / "world"
    place.mkdir(parents=True)
    os.chdir(place)
    try:
        with registered(*CARDS):
            _fill(place)
            yield place
    finally:
        os.chdir(before)


def _fill(place: Path) -> None:
    for name, pitch in (("a", 120.0), ("b", 150.0), ("voice", 180.0)):
        soundfile.write(f"{name}.wav", voice(1.0, pitch), SAMPLE_RATE)
    make_manifest(place / "data", [0.6, 0.7, 0.8, 0.9], rate=RATE)
    make_manifest(place / "speech", [0.6, 0.7])
    Path("mfa").mkdir()
    for number in range(4):
        Path("mfa", f"u{number:02d}.TextGrid").write_text(TEXTGRID)
    Path("table.csv").write_text(
        "id,system,audio,reference\n1,ground_truth,a.wav,a.wav\n1,ours,b.wav,a.wav\n"
    )
    write_tiny_bundle(place / "bundle")
    write_tiny_mp_senet(place / "mp_senet")
    write_toy(place / "tta", "tta")
    for system in ("hifigan", "wavegrad"):
        torch.manual_seed(0)
        config = experiment(system, "data")
        Path(system).mkdir()
        save_weights(Path(system), build_network(config).state_dict(), config.model_dump(mode="json"))
    tree = experiment("hifigan", "data").model_dump(mode="json")
    tree["train"] |= {"max_steps": 4, "save_every": 2, "validate_every": 2, "log_every": 1, "keep_last": 1}
    Path("train.json5").write_text(json.dumps(tree))
    _publish(place / "bundle" / "speechsr24")
    Path("encodec").mkdir()
    codec = {"system": "encodec", "part": "encodec", "model": SIZES}
    save_weights(Path("encodec"), tiny_encodec().state_dict(), codec)
    for words in (
        ("codec", "encode", "a.wav", "-o", "a.codes", "--model", "encodec", *CPU),
        ("listening", "page", "--table", "table.csv", "--out", "test.html"),
    ):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, f"{words}: {result.exception!r} {result.output}"
    key = json.loads(Path("test.key.json").read_text())
    rated = [{"trial": trial, "value": 4} for trial in key["trials"]]
    Path("answers.json").write_text(json.dumps({"listener": "x", "test": key["test"], "answers": rated}))


_AUTHORS_NAMES = {
    "first_conv.": "dec.conv_pre.",
    "blocks.": "dec.resblocks.",
    "last_activation.": "dec.activation_post.",
    "last_conv.": "dec.conv_post.",
    ".dilated_convs.": ".convs1.",
    ".plain_convs.": ".convs2.",
    ".activation.": ".act.",
}


def _publish(checkpoint: Path) -> None:
    """A network of SpeechSR as its authors would have published it."""
    network, experiment = load_network(checkpoint)
    assert isinstance(experiment, SpeechSRExperiment)
    tensors = {}
    for name, tensor in network.state_dict().items():
        for own, theirs in _AUTHORS_NAMES.items():
            name = name.replace(own, theirs)
        tensors[name] = tensor
    torch.save({"model": tensors}, "published.pth")
    sizes = {
        "upsample_initial_channel": experiment.model.channels,
        "resblock_kernel_sizes": experiment.model.kernel_sizes,
        "resblock_dilation_sizes": experiment.model.dilations,
    }
    tree = {"model": sizes, "data": {"sampling_rate": experiment.model.rate}}
    Path("published.json").write_text(json.dumps(tree))


def clear(out: Path) -> None:
    """Empty the folder of outputs."""
    for path in out.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
