"""Training passes that `hiervox benchmark` times: text-to-vec's step, and the search for its alignment."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.benchmark.cython_source import compiled_cython
from hiervox.models.base.benchmark.stand_ins import stand_ins
from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.hierspeechpp.tasks.text_to_vec import TextToVecTask
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.models.tts.hierspeechpp.workloads import (
    F0_PER_FRAME,
    FRAME_RATE,
    N_SYMBOLS,
    PACKAGES,
    TEXT_TO_VEC_SECTION,
    TEXT_TO_VEC_SIZES,
    WORKLOADS,
)
from hiervox.modules.alignment.monotonic import maximum_path
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

HOP = 320
SLICE_FRAMES = 60
"""That both sides predict F0 of; no clip is shorter."""
FRAMES_PER_TOKEN = 4
TERMS = ("semantic", "kl", "log_f0", "duration", "ctc")
CYTHON_CORE = Path("ttv_v1", "monotonic_align", "core.pyx")

MaximumPath = Callable[[Tensor, Tensor], Tensor]


def _clips(size: Size) -> Batch:
    """A batch as the loader gives it; each clip is three frames shorter than the one before."""
    generator = torch.Generator().manual_seed(size.seed)
    longest = max(round(size.seconds * FRAME_RATE), SLICE_FRAMES)
    frames = (longest - 3 * torch.arange(size.batch)).clamp_min(SLICE_FRAMES)
    mask = sequence_mask(frames, longest)
    tokens = frames // FRAMES_PER_TOKEN
    numbers = torch.randint(1, N_SYMBOLS, (size.batch, int(tokens.max())), generator=generator)
    f0 = 100 + 100 * torch.rand(size.batch, F0_PER_FRAME * longest, generator=generator)
    return {
        "wav": 0.1
        * torch.randn(size.batch, HOP * longest, generator=generator)
        * mask.squeeze(1).repeat_interleave(HOP, dim=1),
        "semantic": torch.randn(size.batch, 1024, longest, generator=generator) * mask,
        "f0": f0 * mask.squeeze(1).repeat_interleave(F0_PER_FRAME, dim=1),
        "frames": frames,
        "tokens": numbers * sequence_mask(tokens, numbers.shape[1]).squeeze(1).long(),
        "token_lengths": tokens,
    }


def _without_dropout(network: nn.Module) -> None:
    """The two sides would draw other masks."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def _prepare_step(network: nn.Module, size: Size) -> Run:
    experiment = {"system": "hierspeechpp", "part": "text_to_vec", "out_dir": ".", "data": {"cuts": "."}}
    task = TextToVecTask(TextToVecExperiment.model_validate(experiment))
    engine = StepEngine(task, size.device)
    engine.bare("main").load_state_dict(network.state_dict())
    _without_dropout(engine.bare("main"))
    engine.schedule(0, 0)
    batch = _clips(size)

    def run() -> Tensor:
        torch.manual_seed(size.seed)
        terms = engine.step(batch, 0)
        return torch.stack([terms[name] for name in TERMS])

    return run


@dataclass
class _PublishedStep:
    """What the authors' trainer does with a batch: losses, gradients, their norm, the update.

    Attributes:
        network, losses, commons: the authors' network and modules.
        batch: as `_clips`, with `mel`, on the network's device.
        seed: of the noise in the pass.
    """

    network: Any
    losses: Any
    commons: Any
    batch: Batch
    seed: int

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 2e-4, betas=(0.8, 0.99), eps=1e-9)
        self.log_f0 = torch.log(self.batch["f0"] + 1)
        tokens = self.batch["tokens"]
        self.spaced = tokens.new_zeros(len(tokens), 2 * tokens.shape[1] + 1)
        self.spaced[:, 1::2] = tokens

    def __call__(self) -> Tensor:
        torch.manual_seed(self.seed)
        batch, frames, lengths = self.batch, self.batch["frames"], self.batch["token_lengths"]
        semantic, (_, z_p, _, logs_q), (m_p, logs_p), mask, pitch, starts, durations, phonemes = self.network(
            batch["semantic"], frames, self.spaced, 2 * lengths + 1, batch["mel"]
        )
        f0 = self.commons.slice_segments_audio(
            self.log_f0, starts * F0_PER_FRAME, SLICE_FRAMES * F0_PER_FRAME
        )
        scores = phonemes.permute(2, 0, 1).log_softmax(2)
        terms = torch.stack(
            [
                functional.l1_loss(batch["semantic"], semantic),
                self.losses.kl_loss(z_p, logs_q, m_p, logs_p, mask),
                functional.l1_loss(f0, pitch.squeeze(1)),
                durations.sum(),
                functional.ctc_loss(scores, batch["tokens"], frames, lengths),
            ]
        )
        self.optimizer.zero_grad()
        (terms * terms.new_tensor([10.0, 0.1, 1.0, 1.0, 1.0])).sum().backward()
        self.commons.clip_grad_value_(self.network.parameters(), None)
        self.optimizer.step()
        return terms.detach()


def _published_step(folder: Path, size: Size) -> Published:
    aligner = ModuleType("monotonic_align")
    vars(aligner)["maximum_path"] = published_maximum_path(folder)
    sys.modules["ttv_v1.monotonic_align"] = aligner
    with stand_ins(*PACKAGES):
        module = import_module("ttv_v1.t2w2v_transformer")
        losses, commons = import_module("losses"), import_module("commons")
    vars(module)["monotonic_align"] = aligner
    network = module.SynthesizerTrn(*TEXT_TO_VEC_SIZES).to(size.device).train()
    _without_dropout(network)
    batch = {name: tensor.to(size.device) for name, tensor in _clips(size).items()}
    batch["mel"] = log_mel(batch["wav"], SpectrogramConfig())
    weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    return Published(weights, _PublishedStep(network, losses, commons, batch, size.seed))


def _likelihoods(size: Size) -> tuple[Tensor, Tensor]:
    """Log-likelihoods and mask (B, T, L) of the clips of `_clips` and their tokens with blanks between."""
    clips = _clips(size)
    frames, tokens = clips["frames"], 2 * clips["token_lengths"] + 1
    mask = sequence_mask(frames).mT * sequence_mask(tokens)
    generator = torch.Generator().manual_seed(size.seed)
    return (100 * torch.randn(mask.shape, generator=generator)).to(size.device), mask.to(size.device)


def _prepare_search(network: nn.Module, size: Size) -> Run:
    likelihoods, mask = _likelihoods(size)
    return lambda: maximum_path(likelihoods, mask)


def _published_search(folder: Path, size: Size) -> Published:
    likelihoods, mask = _likelihoods(size)
    search = published_maximum_path(folder)
    return Published({}, lambda: search(likelihoods, mask))


def published_maximum_path(folder: Path) -> MaximumPath:
    """The authors' alignment search, which is VITS's: its Cython source compiled by numba.

    Args:
        folder: a checkout of the published repository.

    Raises:
        ImportError: it has no such source.
    """
    each = compiled_cython(folder, CYTHON_CORE, "maximum_path_each")

    def search(likelihoods: Tensor, mask: Tensor) -> Tensor:
        values = likelihoods.detach().cpu().numpy().astype(np.float32)
        paths = np.zeros(values.shape, np.int32)
        frames = mask.sum(1)[:, 0].cpu().numpy().astype(np.int32)
        tokens = mask.sum(2)[:, 0].cpu().numpy().astype(np.int32)
        for item in range(len(values)):
            each(paths[item], values[item], frames[item], tokens[item])
        return torch.from_numpy(paths).to(likelihoods.device, likelihoods.dtype)

    return search


ALL_WORKLOADS = (
    *WORKLOADS,
    Workload(
        name="text_to_vec_training",
        part="text_to_vec",
        prepare=_prepare_step,
        published=_published_step,
        published_config={"model": TEXT_TO_VEC_SECTION},
        trains=True,
    ),
    Workload(
        name="alignment_search",
        part="text_to_vec",
        prepare=_prepare_search,
        published=_published_search,
    ),
)
