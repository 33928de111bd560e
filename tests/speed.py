"""Speed beside the published HierSpeech++ code, on random weights of full size.

`python -m tests.speed FOLDER` takes a checkout of the published repository (github sh-lee-prml/HierSpeechpp),
times its networks and ours in turn, each in processes of its own (both have a package called `modules`), and
prints a Markdown table of medians. timm, einops and pesq need not be installed: of them, inference uses one
attention layer, for which the same layer on torch's fused attention stands in, and one transposition.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import nn

FRAME_RATE = 50
PROMPT_FRAMES = 150
CASES = ("synthesizer", "speechsr24", "speechsr48", "mp_senet")
Pass = Callable[[], object]


class _Attention(nn.Module):
    """What `timm.models.vision_transformer.Attention` computes."""

    def __init__(self, dim: int, num_heads: int, qkv_bias: bool = False) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(*heads)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class _Transposition(nn.Module):
    """What `einops.layers.torch.Rearrange` computes in the denoiser."""

    def __init__(self, pattern: str) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mT


def _inputs(seconds: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    frames = round(seconds * FRAME_RATE)
    return (
        torch.randn(1, 1024, frames),
        5 * torch.rand(1, 1, 4 * frames),
        torch.randn(1, 80, PROMPT_FRAMES),
        0.1 * torch.randn(1, 1, 320 * frames),
    )


def _stand_in(name: str, **contents: object) -> None:
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(contents)


def _published(case: str, folder: Path, seconds: float) -> Pass:
    sys.path.insert(0, str(folder))
    _stand_in("timm")
    _stand_in("timm.models")
    _stand_in("timm.models.vision_transformer", Attention=_Attention)
    _stand_in("einops", rearrange=None)
    _stand_in("einops.layers")
    _stand_in("einops.layers.torch", Rearrange=_Transposition)
    _stand_in("pesq", pesq=None)
    semantic, log_f0, mel, wav = _inputs(seconds)
    kernels, dilations = [3, 7, 11], [[1, 3, 5]] * 3
    if case == "synthesizer":
        from hierspeechpp_speechsynthesizer import SynthesizerTrn

        sizes = (641, 30, 192, 192, 768, 2, 6, 3, 0.1, "1", kernels, dilations, [4, 5, 4, 2, 2], 512)
        network = SynthesizerTrn(*sizes, [8, 11, 8, 4, 4]).eval()
        lengths = torch.tensor([semantic.shape[-1]]), torch.tensor([PROMPT_FRAMES])
        return lambda: network.voice_conversion(semantic, lengths[0], mel, lengths[1], log_f0)
    if case == "mp_senet":
        from denoiser.generator import MPNet
        from denoiser.infer import denoise

        sizes = types.SimpleNamespace(**json.loads((folder / "denoiser" / "config.json").read_text()))
        denoiser = MPNet(sizes).eval()
        return lambda: denoise(wav[0, 0], denoiser, sizes)
    if case == "speechsr24":
        from speechsr24k.speechsr import SynthesizerTrn
    else:
        from speechsr48k.speechsr import SynthesizerTrn
    network = SynthesizerTrn(100, 30, "0", kernels, dilations, [3], 32, [3]).eval()
    return lambda: network(wav)


def _ours(case: str, seconds: float) -> Pass:
    from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
    from hiervox.models.enhancement.mp_senet.model import MPSENet
    from hiervox.models.enhancement.mp_senet.pipeline import MPSENetPipeline
    from hiervox.models.sr.speechsr.config import SpeechSRConfig
    from hiervox.models.sr.speechsr.model import SpeechSR
    from hiervox.models.sr.speechsr.pipeline import SpeechSRPipeline
    from hiervox.models.tts.hierspeechpp.config import SynthesizerConfig
    from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
    from hiervox.modules.normalization.weight_norm import remove_weight_norm

    semantic, log_f0, mel, wav = _inputs(seconds)
    if case == "synthesizer":
        network = HierarchicalSynthesizer(SynthesizerConfig()).eval()
        remove_weight_norm(network)
        return lambda: network.infer(semantic, log_f0, network.style(mel))
    samples = wav[0, 0].numpy()
    if case == "mp_senet":
        denoiser = MPSENetPipeline(MPSENet(MPSENetConfig()))
        return lambda: denoiser.enhance(samples, 16_000)
    pipeline = SpeechSRPipeline(SpeechSR(SpeechSRConfig(rate=1000 * int(case[-2:]))))
    return lambda: pipeline.upsample(samples, 16_000)


def _time(run: Pass, repeats: int) -> list[float]:
    taken = []
    with torch.inference_mode():
        run()
        for _ in range(repeats):
            begun = time.perf_counter()
            run()
            taken.append(time.perf_counter() - begun)
    return taken


def main(
    published: Annotated[Path, typer.Argument(help="A checkout of the published repository.")],
    seconds: Annotated[float, typer.Option(help="Length of the speech.")] = 4.0,
    rounds: Annotated[int, typer.Option(help="Processes a side.")] = 3,
    repeats: Annotated[int, typer.Option(help="Passes a process, after one to warm up.")] = 3,
    threads: Annotated[int, typer.Option()] = 1,
    side: Annotated[str, typer.Option(hidden=True)] = "",
    case: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Print medians of both sides, and how many times faster ours is."""
    if side:
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        run = _ours(case, seconds) if side == "ours" else _published(case, published, seconds)
        typer.echo(json.dumps(_time(run, repeats)))
        return
    typer.echo(f"| {seconds:g} s of speech, {threads} thread(s) | published (s) | ours (s) | times faster |")
    typer.echo("|---|---|---|---|")
    for name in CASES:
        taken: dict[str, list[float]] = {"published": [], "ours": []}
        for _ in range(rounds):
            for who, times in taken.items():
                options = ["--seconds", seconds, "--repeats", repeats, "--threads", threads]
                command = [sys.executable, "-W", "ignore", "-m", "tests.speed", published, *options]
                child = [*command, "--side", who, "--case", name]
                done = subprocess.run(
                    [str(part) for part in child], check=True, stdout=subprocess.PIPE, text=True
                )
                times += json.loads(done.stdout.splitlines()[-1])
        theirs, ours = (statistics.median(times) for times in taken.values())
        typer.echo(f"| {name} | {theirs:.2f} | {ours:.2f} | {theirs / ours:.2f} |")


if __name__ == "__main__":
    typer.run(main)
