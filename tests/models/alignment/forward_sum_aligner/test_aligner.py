"""Tests of the forward-sum aligner on words of tones, whose durations are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.alignment.forward_sum_aligner.config import AlignerExperiment
from hiervox.models.alignment.forward_sum_aligner.task import AlignerTask
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.pipelines.protocols import Aligner
from hiervox.models.base.training.engine import StepEngine
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import AudioError
from tests.overfit import overfit

HOP_LENGTH = 128
RATE = 16_000
MEL: dict[str, Any] = {"sample_rate": RATE, "n_fft": 512, "win_length": 512, "hop_length": HOP_LENGTH} | {
    "n_mels": 24
}
MODEL = {"n_mels": 24, "channels": 32, "n_layers": 1, "kernel_size": 3}


def _task() -> AlignerTask:
    tree = {
        "system": "forward_sum_aligner",
        "part": "aligner",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": MODEL,
        "mel": MEL,
    }
    return AlignerTask(AlignerExperiment.model_validate(tree))


def _words(count: int, seed: int = 0) -> tuple[list[list[int]], list[np.ndarray], list[np.ndarray]]:
    """Tokens 1 to 6 without neighbours alike; frames of each, silences at the ends first and last; sounds."""
    generator = np.random.default_rng(seed)
    words, frames, sounds = [], [], []
    for _ in range(count):
        steps = generator.integers(1, 6, size=7)
        tokens = ((np.cumsum(steps) - 1) % 6 + 1).tolist()
        durations = generator.integers(4, 16, size=len(tokens) + 2)
        hz = np.array([0.0, *(250.0 * 1.6 ** np.array(tokens)), 0.0]).repeat(durations * HOP_LENGTH)
        tone = 0.3 * np.sin(2 * np.pi * np.cumsum(hz / RATE)) * (hz > 0)
        words.append(tokens)
        frames.append(durations)
        sounds.append((tone + generator.normal(0, 0.003, tone.size)).astype(np.float32))
    return words, frames, sounds


def _batch(task: AlignerTask) -> Batch:
    words, frames, sounds = _words(12)
    wav = torch.zeros(len(sounds), max(map(len, sounds)))
    for row, sound in zip(wav, sounds, strict=True):
        row[: len(sound)] = torch.from_numpy(sound)
    return {
        "ids": [str(number) for number in range(len(words))],
        "wav": wav,
        "mel": log_mel(wav, task.config.mel),
        "tokens": torch.tensor(words),
        "token_lengths": torch.tensor([len(word) for word in words]),
        "frames": torch.tensor([int(durations.sum()) for durations in frames]),
    }


def test_it_finds_the_durations_of_words_it_has_not_heard(tmp_path: Path) -> None:
    task = _task()
    history = overfit(task, _batch(task), steps=5, learning_rate=3e-3)
    assert history[-1]["forward_sum"] < history[0]["forward_sum"] - 1
    engine = StepEngine(task, device="cpu")
    engine.optimizers["main"].param_groups[0]["lr"] = 1e-2
    batch = _batch(task)
    for step in range(40):
        engine.step(batch, step)
    tree = {"system": "forward_sum_aligner", "part": "aligner", "model": MODEL, "mel": MEL}
    save_weights(tmp_path, engine.inference_networks()["main"].state_dict(), tree)
    aligner = hiervox.load(tmp_path, device="cpu")
    assert isinstance(aligner, Aligner)
    errors = []
    for tokens, durations, sound in zip(*_words(5, seed=1), strict=True):
        found = np.array(aligner.align(sound, RATE, tokens))
        edges = np.cumsum(durations)[:-1] * HOP_LENGTH / RATE
        assert np.array_equal(found[1:, 0], found[:-1, 1])
        errors.append(np.abs(np.append(found[:, 0], found[-1, 1]) - edges))
    assert np.concatenate(errors).mean() < 2 * HOP_LENGTH / RATE
    with pytest.raises(AudioError, match="too few"):
        aligner.align(np.zeros(800, np.float32), RATE, [1, 2, 3] * 20)


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch(engine.task))
    assert set(media.figures) == {"alignment"}


def test_clips_need_a_frame_for_each_token_and_silence() -> None:
    task = _task()
    assert task.usable(12, 10) and not task.usable(11, 10) and not task.usable(11, None)
