"""Tests of the training of F5-TTS and E2 TTS at a tiny size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.features.characters import Characters
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.schedule import learning_rate
from hiervox.models.tts.f5_tts.task import F5TtsTask, spans
from tests.models.tts.f5_tts.tiny_f5_tts import HOP_LENGTH, MODEL, RATE, SYMBOLS, tiny_experiment
from tests.overfit import overfit

FRAMES = 24


def _batch(name: str = "tokens") -> Batch:
    """Two clips of tones, the second shorter."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    time = torch.arange(FRAMES * HOP_LENGTH) / RATE
    pitch = (300.0 * tokens).repeat_interleave(len(time) // 4, 1)
    wav = 0.3 * torch.sin(2 * torch.pi * pitch * time)
    wav[1, len(time) // 2 :] = 0
    frames = torch.tensor([FRAMES, FRAMES // 2])
    return {"ids": ["long", "short"], "wav": wav, name: tokens, "frames": frames}


@pytest.mark.parametrize(
    ("written", "model"),
    [(False, {}), (True, {"backbone": "unet", "text": {"channels": 10, "n_blocks": 0}})],
)
def test_one_batch_is_learnt_by_heart(written: bool, model: dict[str, Any]) -> None:
    infilling = {"without_prompt": 0.0, "without_both": 0.0}
    task = F5TtsTask(tiny_experiment(written, model=model, infilling=infilling))
    name = "characters" if written else "tokens"
    assert task.batch_fields() == {"wav", name}
    history = overfit(task, _batch(name), steps=40, learning_rate=2e-2)
    assert set(history[0]) == {"flow", "gradient_norm/main"}
    assert np.mean([row["flow"] for row in history[-10:]]) < 0.5 * history[0]["flow"]


def test_prompt_and_text_are_left_out_clip_by_clip() -> None:
    task, mel = F5TtsTask(tiny_experiment()), torch.zeros(4000, 1, 20)
    drawn = task._drawn(mel, torch.full((4000,), 20), torch.Generator().manual_seed(0))
    shares = drawn.without_prompt.float().mean(), drawn.without_text.float().mean()
    assert shares[0] == pytest.approx(0.3 * 0.8 + 0.2, abs=0.03) and shares[1] == pytest.approx(0.2, abs=0.03)
    assert bool((drawn.without_prompt | ~drawn.without_text).all())
    sizes = drawn.span.sum((1, 2))
    assert sizes.min() == 14 and sizes.max() == 19 and drawn.time.std() > 0.2


def test_spans_lie_within_the_clips() -> None:
    lengths, ends = torch.tensor([10, 6]), torch.tensor([1.0, 0.0])
    span = spans(lengths, 10, torch.tensor([0.7, 0.5]), ends)
    assert span[:, 0].tolist() == [[0] * 3 + [1] * 7, [1] * 3 + [0] * 7]


def test_clips_need_a_text_and_a_length_within_limits() -> None:
    phonemes, written = (
        F5TtsTask(tiny_experiment(kind, limits={"max_frames": 50})) for kind in (False, True)
    )
    assert phonemes.usable(40, 10) and not phonemes.usable(40, None) and not phonemes.usable(60, 10)
    assert written.usable(40, None) and not written.usable(60, None)


def test_media_of_a_batch() -> None:
    engine = StepEngine(F5TtsTask(tiny_experiment()), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch())
    assert set(media.figures) == {"mel/recorded", "mel/filled_in"}


def test_the_rate_rises_and_falls_in_equal_steps() -> None:
    train = tiny_experiment(train={"max_steps": 300, "schedule": {"warmup_steps": 100}}).train.of("main")
    rates = [learning_rate(train, step, 0, 300) / 7.5e-5 for step in (49, 99, 200, 250, 300)]
    np.testing.assert_allclose(rates, [0.5, 1, 0.5, 0.25, 0], atol=1e-9)


def test_a_model_that_reads_letters_has_a_row_for_each() -> None:
    experiment = tiny_experiment(written=True)
    assert experiment.model.n_symbols == len(SYMBOLS) + 1 and experiment.text.symbols[1] == " "
    assert Characters.settings.keys() == {"characters"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mel": "f5_tts"}, "mel_channels must be mel.n_mels, 100"),
        ({"model": {**MODEL, "n_symbols": 20}}, "n_symbols must be 178 or more"),
        ({"infilling": {"least_span": 0.9, "most_span": 0.8}}, "least_span must not be over"),
        ({"features": {"characters": {"symbols": "abc"}}}, "the space is not among them"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny_experiment(**wrong)
