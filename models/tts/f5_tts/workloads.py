"""The pass that `hiervox benchmark` times: prompt, text and noise to a log-mel spectrogram, in few steps."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.base.benchmark.stand_ins import bare_package, stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.tts.f5_tts.networks.f5_tts import Sampling
from hiervox.models.tts.f5_tts.networks.times import sampling_times

FRAME_RATE = 24_000 / 256
PROMPT_SHARE = 0.5
"""Of all frames."""
TOKENS_PER_SECOND = 15
STEPS, GUIDANCE, SWAY = 5, 2.0, -1.0
"""Each step takes two passes, one of them without prompt and text."""
N_SYMBOLS, MEL_CHANNELS = 178, 100
ARCHITECTURE: dict[str, Any] = {
    "dim": 1024,
    "depth": 22,
    "heads": 16,
    "ff_mult": 2,
    "text_dim": 512,
    "text_mask_padding": True,
    "qk_norm": None,
    "conv_layers": 4,
    "pe_attn_head": None,
    "attn_backend": "torch",
    "attn_mask_enabled": False,
}
"""Of F5-TTS Base, version 1."""
SYMBOLS = (" ", *(chr(ord("一") + number) for number in range(N_SYMBOLS - 2)))


def _inputs(size: Size) -> tuple[Tensor, Tensor, int]:
    """Tokens (B, L), the prompt's log-mel (B, M, P) and the number of all frames."""
    generator, frames = torch.Generator().manual_seed(size.seed), round(size.seconds * FRAME_RATE)
    length = round(size.seconds * TOKENS_PER_SECOND)
    tokens = torch.randint(1, N_SYMBOLS, (size.batch, length), generator=generator)
    prompt = torch.randn(size.batch, MEL_CHANNELS, round(PROMPT_SHARE * frames), generator=generator)
    return tokens.to(size.device), prompt.to(size.device), frames


def _prepare(network: Any, size: Size) -> Run:
    tokens, prompt, frames = _inputs(size)
    mel = functional.pad(prompt, (0, frames - prompt.shape[2]))
    known = (torch.arange(frames, device=size.device) < prompt.shape[2]).expand(size.batch, 1, -1)
    sampling = Sampling(sampling_times(STEPS, SWAY), GUIDANCE)
    torch.manual_seed(size.seed)
    noise = torch.randn(frames, MEL_CHANNELS, device=size.device).mT.expand(size.batch, -1, -1)

    def run() -> Tensor:
        made: Tensor = network.sample(noise, mel, known, network.texts(tokens, frames), sampling)
        return made

    return run


def _published(folder: Path, size: Size) -> Published:
    for name in ("f5_tts", "f5_tts.model"):  # without what they import for training
        bare_package(name, folder / "src" / name.replace(".", "/"))
    with stand_ins("torchaudio", "loguru", "rjieba"):
        backbone, flow = (import_module(f"f5_tts.model.{name}") for name in ("backbones.dit", "cfm"))
    transformer = backbone.DiT(**ARCHITECTURE, text_num_embeds=N_SYMBOLS - 1, mel_dim=MEL_CHANNELS)
    network = flow.CFM(transformer, mel_spec_kwargs={"n_mel_channels": MEL_CHANNELS})
    network.to(size.device).eval()
    with torch.no_grad():  # layers that begin at zero
        for tensor in transformer.parameters():
            if not tensor.any():
                tensor.normal_(0, 0.02)
    tokens, prompt, frames = _inputs(size)

    def run() -> Tensor:
        made: Tensor = network.sample(
            prompt.mT,
            tokens - 1,
            frames,
            steps=STEPS,
            cfg_strength=GUIDANCE,
            sway_sampling_coef=SWAY,
            seed=size.seed,
        )[0]
        return made.mT

    return Published(network.state_dict(), run)


WORKLOADS = (
    Workload(
        name="f5_tts",
        part="f5_tts",
        prepare=_prepare,
        published=_published,
        published_config={"arch": ARCHITECTURE, "symbols": SYMBOLS},
    ),
)
