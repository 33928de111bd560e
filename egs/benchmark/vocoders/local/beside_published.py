"""Processor time of a vocoder beside the published code's, in turns, with the same weights, on one thread.

SOURCE is a clone of github.com/jik876/hifi-gan, NVIDIA/BigVGAN or fatchord/WaveRNN.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor

from hiervox.models.vocoder.bigvgan.published import import_bigvgan
from hiervox.models.vocoder.hifigan.published import import_hifigan
from hiervox.models.vocoder.wavernn.published import import_wavernn
from hiervox.modules.autoregressive.wavernn import WaveRNN
from hiervox.modules.generators.hifigan import HiFiGANGenerator
from hiervox.modules.normalization.weight_norm import remove_weight_norm

Run = Callable[[Tensor], Any]
WAVERNN = {
    "num_mels": 80,
    "bits": 9,
    "voc_mode": "MOL",
    "voc_upsample_factors": [5, 5, 11],
    "voc_pad": 2,
    "voc_rnn_dims": 512,
    "voc_fc_dims": 512,
    "voc_compute_dims": 128,
    "voc_res_out_dims": 128,
    "voc_res_blocks": 10,
}


def hifigan(source: Path) -> tuple[Run, Run, int, int, int]:
    """V1: published and ours, mel bins, hop, rate."""
    return _generator(source, "models", "Generator", source / "config_v1.json", import_hifigan)


def bigvgan(source: Path) -> tuple[Run, Run, int, int, int]:
    """The base model."""
    config = source / "configs" / "bigvgan_base_24khz_100band.json"
    return _generator(source, "bigvgan", "BigVGAN", config, import_bigvgan)


def _generator(
    source: Path, module: str, name: str, path: Path, importer: Callable[..., Any]
) -> tuple[Run, Run, int, int, int]:
    sys.path.insert(0, str(source))
    from env import AttrDict

    config = json.loads(path.read_text(encoding="utf-8"))
    published = getattr(__import__(module), name)(AttrDict(config)).eval()
    sections, weights = importer(published.state_dict(), config)
    own = HiFiGANGenerator(sections["model"])
    own.load_state_dict(weights)
    published.remove_weight_norm()
    remove_weight_norm(own.eval())
    return published, own, config["num_mels"], config["hop_size"], config["sampling_rate"]


def wavernn(source: Path) -> tuple[Run, Run, int, int, int]:
    """The mixture of logistics, not folded; what the published code prints and writes is left out.

    The published code fails on less than 21 frames, a quarter of a second.
    """
    sys.path.insert(0, str(source))
    np.cumproduct = np.cumprod  # type: ignore[attr-defined]  # numpy 2 dropped the name
    for missing, names in {"display": ("stream", "simple_table", "progbar"), "dsp": ("save_wav",)}.items():
        stand_in = types.ModuleType(f"utils.{missing}")
        for name in names:
            setattr(stand_in, name, lambda *_: "")
        sys.modules[f"utils.{missing}"] = stand_in
    version: Any = __import__("models.fatchord_version", fromlist=["WaveRNN"])
    version.time, version.stream, version.progbar = time, lambda *_: None, lambda *_: ""
    version.save_wav = lambda *_: None
    published = version.WaveRNN(512, 512, 9, 2, (5, 5, 11), 80, 128, 128, 10, 275, 22050, "MOL").eval()
    sections, weights = import_wavernn(published.state_dict(), WAVERNN)
    own = WaveRNN(sections["model"])
    own.load_state_dict(weights)
    own.eval()
    return (lambda mel: published.generate(mel, "", False, 11_000, 550, False)), own, 80, 275, 22_050


VOCODERS = {"hifigan": hifigan, "bigvgan": bigvgan, "wavernn": wavernn}


def main(
    vocoder: Annotated[str, typer.Argument(help="hifigan, bigvgan or wavernn.")],
    source: Annotated[Path, typer.Argument(help="Clone of the published code.")],
    seconds: Annotated[float, typer.Option(help="Of audio a run.")] = 1.0,
    runs: Annotated[int, typer.Option(help="Of each.")] = 5,
) -> None:
    """Print the medians."""
    torch.set_num_threads(1)
    published, own, mels, hop, rate = VOCODERS[vocoder](source)
    mel = torch.rand(1, mels, round(seconds * rate / hop))
    length = mel.shape[2] * hop / rate
    spent: dict[str, list[float]] = {"published": [], "ours": []}
    with torch.no_grad():
        for _ in range(runs):
            for name, run in (("published", published), ("ours", own)):
                begun = time.process_time()
                run(mel)
                spent[name].append((time.process_time() - begun) / length)
    medians = {name: round(statistics.median(times), 3) for name, times in spent.items()}
    typer.echo(f"{vocoder}: {medians} s of processor time to a second, {runs} runs of {length:.2f} s")


if __name__ == "__main__":
    typer.run(main)
