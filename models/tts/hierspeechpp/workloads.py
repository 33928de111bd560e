"""Passes that `hiervox benchmark` times: tokens to semantic vectors and F0, and those to 16 kHz sound."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.benchmark.stand_ins import stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload

FRAME_RATE, F0_PER_FRAME, PROMPT_FRAMES = 50, 4, 150
TOKENS_PER_SECOND = 25
"""Phonemes with blanks between them."""
N_SYMBOLS = 178
PACKAGES = ("timm", "einops", "torchaudio")
KERNEL_SIZES, DILATIONS = [3, 7, 11], [[1, 3, 5]] * 3
TEXT_TO_VEC_SIZES = (641, 30, 256, 256, 1024, 4, 6, 3, 0.1, "1", KERNEL_SIZES, DILATIONS)
TEXT_TO_VEC_SECTION = {"inter_channels": 256, "hidden_channels": 256}


def _synthesizer_inputs(size: Size) -> tuple[Tensor, Tensor, Tensor]:
    """Semantic vectors, log-F0 and a prompt's mel."""
    generator, frames = torch.Generator().manual_seed(size.seed), round(size.seconds * FRAME_RATE)
    return (
        torch.randn(size.batch, 1024, frames, generator=generator).to(size.device),
        5 * torch.rand(size.batch, 1, F0_PER_FRAME * frames, generator=generator).to(size.device),
        torch.randn(size.batch, 80, PROMPT_FRAMES, generator=generator).to(size.device),
    )


def _prepare_synthesizer(network: Any, size: Size) -> Run:
    semantic, log_f0, mel = _synthesizer_inputs(size)
    return lambda: network.infer(semantic, log_f0, network.style(mel), noise_scale=0.0)


def _published_synthesizer(folder: Path, size: Size) -> Published:
    with stand_ins(*PACKAGES):
        module = import_module("hierspeechpp_speechsynthesizer")
    network = module.SynthesizerTrn(
        *(641, 30, 192, 192, 768, 2, 6, 3, 0.1, "1", KERNEL_SIZES, DILATIONS),
        *([4, 5, 4, 2, 2], 512, [8, 11, 8, 4, 4]),
    )
    network.to(size.device).eval()
    semantic, log_f0, mel = _synthesizer_inputs(size)
    lengths = [
        torch.full((size.batch,), number, device=size.device)
        for number in (semantic.shape[-1], PROMPT_FRAMES)
    ]
    return Published(
        network.state_dict(),
        lambda: network.voice_conversion(semantic, lengths[0], mel, lengths[1], log_f0, noise_scale=0.0),
    )


def _text_to_vec_inputs(size: Size) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, their number and a prompt's mel."""
    generator, length = torch.Generator().manual_seed(size.seed), round(size.seconds * TOKENS_PER_SECOND)
    return (
        torch.randint(1, N_SYMBOLS, (size.batch, length), generator=generator).to(size.device),
        torch.full((size.batch,), length, device=size.device),
        torch.randn(size.batch, 80, PROMPT_FRAMES, generator=generator).to(size.device),
    )


def _prepare_text_to_vec(network: Any, size: Size) -> Run:
    tokens, lengths, mel = _text_to_vec_inputs(size)

    def run() -> Tensor:
        output = network.infer(tokens, lengths, network.style(mel), noise_scale=0.0, duration_noise_scale=0.0)
        semantic: Tensor = output.semantic
        return semantic

    return run


def _published_text_to_vec(folder: Path, size: Size) -> Published:
    sys.modules["ttv_v1.monotonic_align"] = ModuleType("monotonic_align")  # compiled; inference needs none
    with stand_ins(*PACKAGES):
        module = import_module("ttv_v1.t2w2v_transformer")
    network = module.SynthesizerTrn(*TEXT_TO_VEC_SIZES)
    network.to(size.device).eval()
    with torch.no_grad():  # at random weights a token lasts a frame; so it lasts as long as in speech
        network.dp.flows[0].m.fill_(-1.0)
    tokens, lengths, mel = _text_to_vec_inputs(size)
    mel_lengths = torch.full((size.batch,), PROMPT_FRAMES, device=size.device)
    return Published(
        network.state_dict(),
        lambda: network.infer(tokens, lengths, mel, mel_lengths, noise_scale=0.0, noise_scale_w=0.0)[0],
    )


WORKLOADS = (
    Workload(
        name="text_to_vec",
        part="text_to_vec",
        prepare=_prepare_text_to_vec,
        published=_published_text_to_vec,
        published_config={"model": TEXT_TO_VEC_SECTION},
    ),
    Workload(
        name="synthesizer",
        part="synthesizer",
        prepare=_prepare_synthesizer,
        published=_published_synthesizer,
    ),
)
