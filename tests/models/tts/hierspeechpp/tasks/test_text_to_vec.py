from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.tts.hierspeechpp.tasks.text_to_vec import TextToVecTask
from hiervox.models.tts.hierspeechpp.ttv_config import (
    TextToVecExperiment,
    TextToVecLossConfig,
)
from hiervox.processors.text import intersperse
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config
from tests.overfit import overfit

SEMANTIC_CHANNELS = 6
TERMS = {"semantic", "kl", "log_f0", "duration", "ctc"}


def task(semantic_channels: int = SEMANTIC_CHANNELS, **sections: Any) -> TextToVecTask:
    return TextToVecTask(
        TextToVecExperiment.model_validate(
            {
                "system": "hierspeechpp",
                "part": "text_to_vec",
                "out_dir": Path("unused"),
                "data": {"cuts": Path("unused")},
                "model": tiny_config(semantic_channels),
                **sections,
            }
        )
    )


def spoken_batch() -> Batch:
    """Two clips whose semantic vectors and F0 follow from their tokens, eight frames to a token."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(178, SEMANTIC_CHANNELS, generator=generator)
    token_lengths = torch.tensor([6, 4])
    frames = 8 * token_lengths
    tokens = torch.randint(1, 178, (2, 6), generator=generator)
    tokens[1, 4:] = 0
    semantic = vectors[tokens].repeat_interleave(8, dim=1).transpose(1, 2)
    semantic[1, :, 32:] = 0
    f0 = (100 + 50 * semantic[:, 0]).clamp_min(0).repeat_interleave(4, dim=1)
    wav = 0.1 * torch.randn(2, 320 * 48, generator=generator)
    wav[1, 320 * 32 :] = 0
    return {
        "ids": ["long", "short"],
        "frames": frames,
        "wav": wav,
        "f0": f0,
        "semantic": semantic.contiguous(),
        "tokens": tokens,
        "token_lengths": token_lengths,
    }


def mean(history: list[dict[str, float]], name: str) -> float:
    return sum(terms[name] for terms in history) / len(history)


def test_one_batch_is_learnt_by_heart() -> None:
    history = overfit(task(), spoken_batch(), steps=120, learning_rate=1e-2)
    assert set(history[0]) == TERMS
    share = {name: mean(history[-20:], name) / mean(history[:10], name) for name in TERMS}
    assert share["semantic"] < 0.5
    assert share["log_f0"] < 0.3
    assert share["ctc"] < 0.2
    assert share["kl"] < 0.7


def test_durations_are_learnt_where_there_is_one_alignment() -> None:
    """A frame to each token and blank; otherwise alignment, hence target, change with every draw."""
    batch = spoken_batch()
    batch["frames"] = 2 * batch["token_lengths"] + 1
    for name, values_per_frame in {"wav": 320, "f0": 4, "semantic": 1}.items():
        batch[name] = batch[name][..., : 13 * values_per_frame]
    history = overfit(task(), batch, steps=80, learning_rate=1e-2)
    assert mean(history[-10:], "duration") < 0.5 * mean(history[:10], "duration")


def test_terms_are_weighted_by_the_config() -> None:
    own = task(loss=TextToVecLossConfig(semantic=3.0, kl=0.0, log_f0=2.0, duration=0.5, ctc=1.0))
    terms = {name: torch.tensor(1.0) for name in TERMS}
    assert float(own.total(terms, 0)) == 6.5
    assert float(task().total(terms, 0)) == pytest.approx(13.1)  # 10 + 0.1 + 1 + 1 + 1, as published


def what_is_read(network: nn.Module) -> dict[str, torch.Tensor]:
    """The `tokens` of a network's next pass and their `lengths`."""
    seen: dict[str, torch.Tensor] = {}
    network.register_forward_pre_hook(lambda _, given: seen.update(tokens=given[2], lengths=given[3]))
    return seen


def test_network_gets_blanks_between_and_ctc_does_not() -> None:
    own, batch = task(), spoken_batch()
    networks = own.build_networks()
    seen = what_is_read(networks["main"])
    own.forward(networks, batch)
    assert seen["tokens"][0].tolist() == intersperse(batch["tokens"][0].tolist())
    assert seen["lengths"].tolist() == [13, 9]


def test_pitch_loss_compares_the_same_slice() -> None:
    """With the true curve in the prediction's place the loss is 0, wherever the slice was cut."""
    own, batch = task(), spoken_batch()
    networks = own.build_networks()
    for _ in range(5):
        output = own.forward(networks, batch)
        starts = [4 * int(start) for start in output.slice_starts]
        true = [batch["f0"][item, start : start + 48] for item, start in enumerate(starts)]
        output.log_f0 = torch.log(torch.stack(true).unsqueeze(1) + 1)
        assert float(own.losses("main", networks, batch, output, 0)["log_f0"]) == pytest.approx(0.0, abs=1e-6)


def test_features_of_another_width_are_refused() -> None:
    own = task(semantic_channels=5)
    with pytest.raises(ConfigError, match=r"6 channels, but model\.semantic_channels is 5"):
        own.forward(own.build_networks(), spoken_batch())


@pytest.mark.parametrize(
    ("frames", "tokens", "expected"),
    [
        (32, 15, True),
        (31, 5, False),
        (600, 200, True),
        (601, 200, False),
        (600, 201, False),
        (100, 0, False),
        (100, None, False),
        (40, 20, False),  # 41 tokens with the blanks
        (41, 20, True),
    ],
)
def test_clips_that_cannot_be_aligned_or_exceed_the_limits_are_not_used(
    frames: int, tokens: int | None, expected: bool
) -> None:
    assert task().usable(frames, tokens) is expected


def test_validation_shows_alignment_pitch_and_semantic_vectors() -> None:
    own, batch = task(), spoken_batch()
    networks = {name: network.eval() for name, network in own.build_networks().items()}
    with torch.no_grad():
        values = own.validate(networks, batch, 0)
        figures = own.media(networks, batch).figures
    assert set(values) == {*TERMS, "total", "spoken_semantic", "spoken_log_f0"}
    assert set(figures) == {"alignment", "pitch", "semantic/true", "semantic/decoded", "semantic/from_text"}
    picture = figures["alignment"].axes[0].images[0].get_array()
    assert picture is not None
    assert picture.shape == (13, 48)  # tokens with blanks, frames


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"mel": {"n_mels": 40}}, "mel_channels"),
        ({"mel": {"hop_length": 256}}, "320 samples"),
        ({"model": {"n_symbols": 100}}, "178 symbols"),
    ],
)
def test_sections_that_do_not_fit_each_other_are_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        task(**sections)


def test_published_optimizer_is_the_default_of_every_depth() -> None:
    for train in ({}, {"max_steps": 5}, {"optimizer": {"weight_decay": 0.1}}):
        own = task(train=train).config.train
        assert (own.batch_size, own.optimizer.learning_rate) == (32, 2e-4)
