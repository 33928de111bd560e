"""The pass that `hiervox benchmark` times: tokens to a log-mel spectrogram in 10 steps of Euler's solver."""

from __future__ import annotations

import logging
import math
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.benchmark.stand_ins import bare_package, stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.tts.matcha_tts.config import STEPS, TEMPERATURE

N_SYMBOLS, MEL_CHANNELS = 178, 80
FRAME_RATE = 22_050 / 256
FRAMES_PER_TOKEN = 3
TOKEN_MULTIPLE = 4
"""So that nothing is padded, where each side would draw noise of its own."""
ENCODER: dict[str, dict[str, Any]] = {
    "encoder_params": {
        "n_feats": MEL_CHANNELS,
        "n_channels": 192,
        "filter_channels": 768,
        "n_heads": 2,
        "n_layers": 6,
        "kernel_size": 3,
        "p_dropout": 0.1,
        "prenet": True,
    },
    "duration_predictor_params": {"filter_channels_dp": 256, "kernel_size": 3, "p_dropout": 0.1},
}
DECODER = {
    "channels": (256, 256),
    "dropout": 0.05,
    "attention_head_dim": 64,
    "n_blocks": 1,
    "num_mid_blocks": 2,
    "num_heads": 2,
    "act_fn": "snakebeta",
}


def _inputs(size: Size) -> tuple[Tensor, Tensor]:
    """Tokens and their number."""
    length = TOKEN_MULTIPLE * round(size.seconds * FRAME_RATE / FRAMES_PER_TOKEN / TOKEN_MULTIPLE)
    generator = torch.Generator().manual_seed(size.seed)
    return (
        torch.randint(1, N_SYMBOLS, (size.batch, length), generator=generator).to(size.device),
        torch.full((size.batch,), length, device=size.device),
    )


def _prepare(network: Any, size: Size) -> Run:
    tokens, lengths = _inputs(size)

    def run() -> Tensor:
        torch.manual_seed(size.seed)
        mel: Tensor = network.infer(tokens, lengths).frames
        return mel

    return run


def _without_training(folder: Path) -> None:
    """Stand-ins for the modules of the published package that only training needs."""
    vars(bare_package("matcha.utils", folder / "matcha" / "utils")).update(get_pylogger=logging.getLogger)
    contents: dict[str, dict[str, Any]] = {
        ".pylogger": {"get_pylogger": logging.getLogger},
        ".utils": {"plot_tensor": None},
        ".monotonic_align": {},
    }
    for name, attributes in contents.items():
        module = sys.modules[f"matcha.utils{name}"] = ModuleType(f"matcha.utils{name}")
        vars(module).update(attributes)


def _contiguous(decoder: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """So that its noise, which is laid out as the first input, is drawn in the order of ours."""
    return inputs[0].contiguous(), *inputs[1:]


def _published(folder: Path, size: Size) -> Published:
    _without_training(folder)
    with stand_ins("lightning"):
        module = import_module("matcha.models.matcha_tts")
    network = module.MatchaTTS(
        n_vocab=N_SYMBOLS,
        n_spks=1,
        spk_emb_dim=64,
        n_feats=MEL_CHANNELS,
        encoder=SimpleNamespace(
            encoder_type="RoPE Encoder", **{key: SimpleNamespace(**sizes) for key, sizes in ENCODER.items()}
        ),
        decoder=DECODER,
        cfm=SimpleNamespace(solver="euler", sigma_min=1e-4),
        data_statistics=None,
        out_size=None,
    )
    network.to(size.device).eval()
    last = network.encoder.proj_w.proj
    with torch.no_grad():  # random durations may fall on either side of a whole number of frames
        last.weight.zero_()
        last.bias.fill_(math.log(FRAMES_PER_TOKEN - 0.5))
    network.decoder.register_forward_pre_hook(_contiguous)
    tokens, lengths = _inputs(size)

    def run() -> Tensor:
        torch.manual_seed(size.seed)
        mel: Tensor = network.synthesise(tokens, lengths, STEPS, TEMPERATURE)["mel"]
        return mel

    return Published(network.state_dict(), run)


WORKLOADS = (
    Workload(
        name="matcha_tts",
        part="matcha_tts",
        prepare=_prepare,
        published=_published,
        published_config={"encoder": ENCODER, "decoder": DECODER},
    ),
)
