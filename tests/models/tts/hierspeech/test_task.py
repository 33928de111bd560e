"""Tests of `hiervox.models.tts.hierspeech.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.hierspeech.config import TEXT_PARTS, HierSpeechExperiment
from hiervox.models.tts.hierspeech.task import HierSpeechTask
from hiervox.processors.semantic import XLS_R
from hiervox.processors.spectrogram import linear_spectrogram
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeech.tiny_hierspeech import HOP_LENGTH, MEL, RATE, SEMANTIC, sizes
from tests.overfit import overfit


def _task(voice: str = "table", model: dict[str, Any] | None = None, **sections: Any) -> HierSpeechTask:
    tree = {
        "system": "hierspeech",
        "part": "hierspeech",
        "out_dir": "unused",
        "data": {"cuts": "unused", "sample_rate": RATE},
        "model": sizes(voice) | (model or {}),
        "mel": MEL,
        "discriminators": {"period": {"periods": [2, 3], "channels": [4, 8]}},
        **sections,
    }
    return HierSpeechTask(HierSpeechExperiment.model_validate(tree))


def _batch(task: HierSpeechTask) -> Batch:
    """Two clips of tones, one a token, twelve frames to a token, whose semantic vectors tell the token."""
    tokens = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]])
    lengths = torch.tensor([4, 2])
    samples = 12 * HOP_LENGTH
    time = torch.arange(4 * samples) / RATE
    pitch = (30.0 * tokens).repeat_interleave(samples, 1)
    wav = 0.3 * torch.sin(2 * torch.pi * pitch * time)
    wav[1, 2 * samples :] = 0
    told = torch.nn.functional.one_hot(tokens % SEMANTIC, SEMANTIC).float()
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "linear": linear_spectrogram(wav, task.config.mel),
        "semantic": told.repeat_interleave(12, 1).mT,
        "tokens": tokens,
        "token_lengths": lengths,
        "frames": 12 * lengths,
        "speaker": torch.tensor([0, 1]),
    }


def test_one_batch_is_learnt_by_heart() -> None:
    task = _task()
    history = overfit(task, _batch(task), steps=60, learning_rate=1e-2)
    text = {"linguistic_kl", "duration", "phoneme"}
    assert (
        set(history[0]) == {"mel", "acoustic_kl", "adversarial", "feature_matching", "discriminator"} | text
    )
    for term, least in (("mel", 0.85), ("phoneme", 0.7)):
        first, last = (sum(terms[term] for terms in part) for part in (history[:10], history[-10:]))
        assert last < least * first, term
    assert max(terms[kl] for terms in history[-10:] for kl in ("acoustic_kl", "linguistic_kl")) < 8.0


def test_ablations_drop_their_terms() -> None:
    for model, gone in (({"acoustic": False}, "acoustic_kl"), ({"phonemes": False}, "phoneme")):
        task = _task(model=model)
        batch = _batch(task)
        terms = task.reconstruction_losses(batch, task.generate(task.build_generator(), batch), 0)
        assert gone not in terms and "linguistic_kl" in terms


def test_adaptation_needs_no_transcript_and_leaves_the_text_alone() -> None:
    task = _task(adaptation=True)
    assert task.config.train.freeze == TEXT_PARTS
    assert task.batch_fields() == {"wav", "linear", "speaker", "semantic"}
    assert task.usable(40, None) and not task.usable(10_000, None)
    batch = {name: value for name, value in _batch(task).items() if not name.startswith("token")}
    engine = StepEngine(task, device="cpu")
    before = {name: value.clone() for name, value in engine.bare("main").state_dict().items()}
    terms = engine.step(batch, 0)
    assert "acoustic_kl" in terms and not {"linguistic_kl", "duration", "phoneme"} & set(terms)
    after = engine.bare("main").state_dict()
    changed = {name.split(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed == {"posterior_encoder", "acoustic_flow", "decoder", "speaker_table"}
    media = task.media(engine.inference_networks(), batch)
    assert set(media.audio) == {"recorded", "reconstructed"}


def test_a_new_speaker_starts_at_the_mean_of_the_known() -> None:
    trained = _task()
    task = _task(model={"speakers": ["bob", "eve"]}, adaptation=True)
    tensors = trained.build_generator().state_dict()
    rows = tensors["speaker_table.weight"]
    adapted = task.adapt_weights(tensors, trained.config)["speaker_table.weight"]
    torch.testing.assert_close(adapted, torch.stack([rows[1], rows.mean(0)]))


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"mel": MEL | {"sample_rate": 3200}}, "50 frames a second"),
        ({"adaptation": True, "model": {"acoustic": False}}, "needs model.acoustic"),
    ],
)
def test_sections_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**wrong)


def test_other_semantic_vectors_than_the_networks_are_refused() -> None:
    task = _task()
    assert task.config.features.semantic == XLS_R
    batch = _batch(task) | {"semantic": torch.zeros(2, SEMANTIC + 1, 48)}
    with pytest.raises(ConfigError, match="semantic_channels"):
        task.generate(task.build_generator(), batch)
