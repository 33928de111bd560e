"""A folder with a tiny bundle, one good prompt, and every bad file that the cases name."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file, save_file

from hiervox.processors.audio import read_audio
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

SPEECH = next((REPOSITORY / "pretrained/box/prompts").glob("*.flac"))
DATA = 'data: {cuts: "cuts"}'
TWO_HOURS = 2 * 3600
WEIGHTS = "model.safetensors"


def build_world(folder: Path) -> None:
    """Write everything into an empty folder."""
    _sounds(folder)
    _texts(folder)
    _bundles(folder)
    _published(folder)
    _configs(folder)
    _tables(folder)


def _sounds(folder: Path) -> None:
    good, _ = read_audio(SPEECH, SAMPLE_RATE)
    good = good[SAMPLE_RATE : 2 * SAMPLE_RATE]
    soundfile.write(folder / "prompt.wav", good, SAMPLE_RATE)
    soundfile.write(folder / "taken.wav", good, SAMPLE_RATE)
    (folder / "empty.wav").write_bytes(b"")
    (folder / "letter.wav").write_text("Dear reader, this is no sound.\n")
    whole = (folder / "prompt.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    soundfile.write(folder / "no_samples.wav", np.zeros(0), SAMPLE_RATE)
    soundfile.write(folder / "blink.wav", voice(0.05), SAMPLE_RATE)
    soundfile.write(folder / "silent.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    for name, value in (("nan.wav", np.nan), ("infinite.wav", np.inf)):
        broken = good.copy()
        broken[100] = value
        soundfile.write(folder / name, broken, SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(folder / "whole.ogg", good, SAMPLE_RATE)
    ogg = (folder / "whole.ogg").read_bytes()
    (folder / "cut.ogg").write_bytes(ogg[: len(ogg) * 2 // 3])
    soundfile.write(folder / "odd_rate.wav", good, 1_000_003)
    soundfile.write(folder / "slow.wav", good, 10)
    soundfile.write(folder / "loud.wav", 1e6 * good / np.abs(good).max(), SAMPLE_RATE, subtype="FLOAT")
    (folder / "bare.raw").write_bytes(bytes(32_000))
    (folder / "folder.wav").mkdir()
    _two_hours(folder / "two_hours.wav")


def _two_hours(path: Path) -> None:
    """A WAV whose samples are a hole in the file, so that it takes no place."""
    size = TWO_HOURS * SAMPLE_RATE * 2
    header = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
    path.write_bytes(header + b"data" + struct.pack("<I", size))
    with path.open("r+b") as stream:
        stream.truncate(len(header) + 8 + size)


def _texts(folder: Path) -> None:
    (folder / "empty.txt").write_text("\n \n")
    (folder / "latin1.txt").write_bytes("Grüße aus Köln.\n".encode("latin-1"))
    (folder / "bad_line.txt").write_text(
        "Good morning.\n\N{GRINNING FACE}\N{GRINNING FACE}\n", encoding="utf-8"
    )


def _bundles(folder: Path) -> None:
    good = write_tiny_bundle(folder / "bundle")

    def copy(name: str) -> Path:
        return Path(shutil.copytree(good, folder / name))

    shutil.rmtree(copy("no_text_to_vec") / "text_to_vec")
    nan = copy("nan_weights") / "synthesizer" / WEIGHTS
    tensors = load_file(nan)
    tensors[min(tensors)].view(-1)[0] = torch.nan
    save_file(tensors, nan)
    cut = copy("cut_weights") / "synthesizer" / WEIGHTS
    cut.write_bytes(cut.read_bytes()[:-1000])
    other = copy("other_shapes") / "synthesizer" / WEIGHTS
    tensors = load_file(other)
    tensors[min(tensors)] = tensors[min(tensors)].new_zeros(7)
    save_file(tensors, other)
    pickled = copy("pickled_weights") / "synthesizer" / WEIGHTS
    pickled.write_bytes(pickle.dumps(Malice("model_was_here")))
    (copy("broken_config") / "synthesizer" / "config.json").write_text("{")
    wrong = copy("wrong_part")
    shutil.rmtree(wrong / "synthesizer")
    shutil.copytree(good / "text_to_vec", wrong / "synthesizer")
    unknown = copy("unknown_key") / "synthesizer" / "config.json"
    tree = json.loads(unknown.read_text())
    tree["model"]["latent_chanels"] = 4
    unknown.write_text(json.dumps(tree))
    _odd_sizes(copy)
    features = copy("other_features") / "text_to_vec" / "config.json"
    tree = json.loads(features.read_text())
    tree["features"]["semantic"]["layer"] = 1
    features.write_text(json.dumps(tree))
    swapped = copy("swapped_rates")
    shutil.rmtree(swapped / "speechsr24")
    shutil.copytree(good / "speechsr48", swapped / "speechsr24")


def _odd_sizes(copy: Callable[[str], Path]) -> None:
    for name, key, size in (("huge_sizes", "latent_channels", 10**9), ("many_layers", "", 999_999)):
        config = copy(name) / "synthesizer" / "config.json"
        tree = json.loads(config.read_text())
        section = tree["model"] if key else tree["model"]["flow"]
        section[key or "n_couplings"] = size
        config.write_text(json.dumps(tree))
    weights = copy("integer_weights") / "synthesizer" / WEIGHTS
    tensors = load_file(weights)
    tensors[min(tensors)] = tensors[min(tensors)].int()
    save_file(tensors, weights)
    twice = copy("key_twice") / "synthesizer" / "config.json"
    twice.write_text('{"system": "hierspeechpp", ' + twice.read_text().lstrip()[1:])
    (copy("deep_config") / "synthesizer" / "config.json").write_text('{"a": ' * 9000 + "1" + "}" * 9000)


class Malice:
    """Would make a file where it is unpickled.

    Args:
        name: of the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.name, "w")


def _published(folder: Path) -> None:
    (folder / "malicious.pth").write_bytes(pickle.dumps({"model": Malice("pickle_was_here")}))
    torch.save({"model": Malice("pickle_was_here_too")}, folder / "malicious_torch.pth")
    (folder / "letter.pth").write_text("no weights")
    torch.save({1: torch.zeros(3)}, folder / "numbers.pth")
    (folder / "cut.pth").write_bytes(pickle.dumps({"a": list(range(99))})[:90])
    torch.save({"model": {"some.other.weight": torch.zeros(3)}}, folder / "foreign.pth")
    model = {
        "resblock_kernel_sizes": [3],
        "resblock_dilation_sizes": [[1]],
        "upsample_rates": [3],
        "upsample_initial_channel": 4,
        "upsample_kernel_sizes": [3],
    }
    published = {"data": {"sampling_rate": 48000}, "model": model}
    (folder / "published.json").write_text(json.dumps(published))


def _configs(folder: Path) -> None:
    head = 'system: "speechsr", part: "speechsr", out_dir: "run"'
    texts = {
        "syntax": f"{{{head}, data: ",
        "unknown_key": f'{{{head}, data: {{cutz: "cuts"}}}}',
        "wrong_type": f'{{{head}, data: {{cuts: "cuts"}}, train: {{max_steps: "many"}}}}',
        "own_base": '{base: "own_base.json5"}',
        "no_system": '{system: "talkotron", part: "x", out_dir: "run", data: {cuts: "cuts"}}',
        "twice": f'{{{head}, data: {{cuts: "cuts"}}, seed: 1, seed: 2}}',
        "deep": f'{{{head}, data: {{cuts: "cuts"}}, model: ' + "{a: " * 9000 + "1" + "}" * 9001,
        "infinite": f"{{{head}, {DATA}, train: {{optimizer: {{learning_rate: Infinity}}}}}}",
        "true_seed": f"{{{head}, {DATA}, seed: true}}",
        "negative_seed": f"{{{head}, {DATA}, seed: -1}}",
        "workers": f"{{{head}, {DATA}, train: {{workers: 1000000}}}}",
        "nowhere": f'{{system: "speechsr", part: "speechsr", out_dir: "", {DATA}}}',
        "billion": f"{{{head}, {DATA}, model: {{channels: 1000000000}}}}",
        "large": f"{{{head}, {DATA}}}" + " " * 300_000,
        "no_cuts": f'{{{head}, data: {{cuts: "absent"}}}}',
    }
    for name, text in texts.items():
        (folder / f"{name}.json5").write_text(text)


def _tables(folder: Path) -> None:
    (folder / "no_columns.csv").write_text("sound,words\na.wav,hello\n")
    (folder / "no_rows.csv").write_text("audio,text,speaker,language\n")
    (folder / "judge.csv").write_text("id,system,audio,text,prompt,reference\na,x,absent.wav,hello,,\n")
