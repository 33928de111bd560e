"""The pass that `hiervox benchmark` times: phonemes and a style to a waveform."""

from __future__ import annotations

import math
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.benchmark.stand_ins import bare_package, stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.tts.kokoro import export

FRAME_RATE = 40
FRAMES_PER_TOKEN = 3
F0 = 150.0
"""Hz, about which the random F0 lies: all of it is voiced."""
BINS = 11
"""Magnitudes of the source's spectrum, behind which its phases stand."""
CONFIG: dict[str, Any] = {
    **export.CONFIG,
    "n_mels": 80,
    "dropout": 0.2,
    "text_encoder_kernel_size": 5,
    "vocab": {"a": 1},
}
N_SYMBOLS, STYLE_CHANNELS, LONGEST_DURATION = (CONFIG[key] for key in ("n_token", "style_dim", "max_dur"))


def _inputs(size: Size) -> tuple[Tensor, Tensor]:
    """Tokens (B, L), 0 at both ends, and styles (B, 2 S)."""
    generator, length = torch.Generator().manual_seed(size.seed), round(size.seconds * FRAME_RATE)
    tokens = torch.randint(1, N_SYMBOLS, (size.batch, length // FRAMES_PER_TOKEN), generator=generator)
    tokens[:, [0, -1]] = 0
    styles = torch.randn(size.batch, 2 * STYLE_CHANNELS, generator=generator)
    return tokens.to(size.device), styles.to(size.device)


def _prepare(network: Any, size: Size) -> Run:
    pairs = [(tokens[None], style[None]) for tokens, style in zip(*_inputs(size), strict=True)]

    def speak(tokens: Tensor, style: Tensor) -> Tensor:
        frames = network.frames(tokens, style)
        torch.manual_seed(size.seed)
        wav: Tensor = network.decode(frames, style)
        return wav

    return lambda: torch.cat([speak(*pair) for pair in pairs])


def _published(folder: Path, size: Size) -> Published:
    bare_package("kokoro", folder / "kokoro")  # without its front end
    with stand_ins("loguru"):
        module = import_module("kokoro.model")
    nothing = BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    network = module.KModel("random", CONFIG, nothing)
    network.to(size.device).eval()
    durations = network.predictor.duration_proj.linear_layer
    with torch.no_grad():  # random durations may fall on either side of a half
        durations.weight.zero_()
        durations.bias.fill_(math.log(FRAMES_PER_TOKEN / (LONGEST_DURATION - FRAMES_PER_TOKEN)))
        network.predictor.F0_proj.bias.fill_(F0)
        for layer in network.decoder.generator.noise_convs:  # phases next to π: rounding decides their sign
            layer.weight[:, BINS:].zero_()
    source = network.decoder.generator.m_source.l_sin_gen
    sines = source._f02sine

    def sines_before_noise(f0: Tensor) -> Tensor:
        """Laid out as ours, so that the noise is, which is drawn next."""
        result: Tensor = sines(f0).contiguous()
        torch.manual_seed(size.seed)
        return result

    source._f02sine = sines_before_noise
    pairs = [(tokens[None], style[None]) for tokens, style in zip(*_inputs(size), strict=True)]
    return Published(
        network.state_dict(),
        lambda: torch.cat([network.forward_with_tokens(*pair)[0][None] for pair in pairs]),
    )


WORKLOADS = (
    Workload(name="kokoro", part="kokoro", prepare=_prepare, published=_published, published_config=CONFIG),
)
