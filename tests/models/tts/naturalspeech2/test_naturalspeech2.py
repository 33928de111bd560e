"""Tests of NaturalSpeech 2: training, sampling and speech at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import hiervox
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.pipelines.protocols import TextToSpeech, VectorCodec
from hiervox.models.tts.naturalspeech2.config import NaturalSpeech2Experiment
from hiervox.models.tts.naturalspeech2.networks.diffusion import drift_of, noise_of, noisy, solve
from hiervox.models.tts.naturalspeech2.task import NaturalSpeech2Task
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.models.tts.naturalspeech2.tiny_naturalspeech2 import (
    MODEL,
    tiny_naturalspeech2,
    write_naturalspeech2,
)
from tests.overfit import overfit

RATE, PROMPT = 16_000, voice(0.8, f0=180)
FRAMES, TOKENS = 24, 8


def _task(form: str = "score", **sections: Any) -> NaturalSpeech2Task:
    tree = {
        "system": "naturalspeech2",
        "part": "naturalspeech2",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": {**MODEL, "form": form},
        **sections,
    }
    return NaturalSpeech2Task(NaturalSpeech2Experiment.model_validate(tree))


def _batch() -> Batch:
    """Two clips, the second shorter."""
    generator = torch.Generator().manual_seed(0)
    durations = torch.full((2, TOKENS), 3)
    durations[1, -1] = 0
    tokens = torch.randint(1, 100, (2, TOKENS), generator=generator)
    tokens[1, -1] = 0
    return {
        "ids": ["long", "short"],
        "tokens": tokens,
        "token_lengths": torch.tensor([TOKENS, TOKENS - 1]),
        "durations": durations,
        "codes": torch.randint(16, (2, 2, 3), generator=generator).repeat_interleave(FRAMES // 3, 2),
        "f0": 100 + 10 * torch.arange(2 * FRAMES).view(2, FRAMES).float() % 70,
        "frames": torch.tensor([FRAMES, FRAMES - 3]),
    }


def _mean(history: list[dict[str, float]], name: str) -> float:
    return sum(terms[name] for terms in history) / len(history)


@pytest.mark.parametrize("form", ["score", "flow"])
def test_one_batch_is_learnt_by_heart(form: str) -> None:
    torch.manual_seed(0)
    task = _task(form)
    build = task.build_networks

    def built() -> dict[str, torch.nn.Module]:
        networks = build()
        torch.nn.init.normal_(networks["main"].get_buffer("entries"))
        return networks

    task.build_networks = built  # type: ignore[method-assign]
    history = overfit(task, _batch(), steps=100, learning_rate=3e-3)
    shares = {"duration": 0.3, "pitch": 0.3, "code": 0.95}
    shares |= {"velocity": 0.93} if form == "flow" else {"latent": 0.9}
    assert set(history[0]) >= set(shares)
    for name, share in shares.items():
        assert _mean(history[-10:], name) < share * _mean(history[:5], name), name


def test_prompts_are_the_first_phonemes() -> None:
    batch = _batch()
    text, target, prompts = _task()._behind_prompts(batch, torch.Generator().manual_seed(1))
    for item in range(2):
        spoken = int(prompts[item]) // 3
        left = int(batch["token_lengths"][item]) - spoken
        assert 1 <= spoken <= TOKENS // 2 and int(text.mask[item].sum()) == left
        torch.testing.assert_close(text.tokens[item, :left], batch["tokens"][item, spoken : spoken + left])
        frames = int(target.mask[item].sum())
        assert frames == int(text.durations[item].sum()) == 3 * left
        start = int(prompts[item])
        torch.testing.assert_close(
            target.codes[item, :, :frames], batch["codes"][item, :, start : start + frames]
        )
        torch.testing.assert_close(target.f0[item, :frames], batch["f0"][item, start : start + frames])


@pytest.mark.parametrize("solver", ["euler", "midpoint"])
@pytest.mark.parametrize("form", ["score", "flow"])
def test_solvers_reach_what_the_network_knows(form: Any, solver: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 1, 3, 5, generator=generator)

    def drift(x: Tensor, time: Tensor) -> Tensor:
        if form == "flow":
            return drift_of(noise - clean, x, time, "flow")
        return drift_of(clean, x, time, "score")

    torch.testing.assert_close(solve(noise, drift, 100, solver), clean, atol=0.05, rtol=0)
    time = torch.tensor([0.3])
    x = noisy(clean, noise, time, "score")
    torch.testing.assert_close(noise_of(x, clean, time), noise)


def test_padding_changes_nothing() -> None:
    network = tiny_naturalspeech2()
    codes = torch.randint(16, (1, 2, 9), generator=torch.Generator().manual_seed(0))
    alone = network.encode_prompt(codes, torch.ones(1, 1, 9))
    mask = torch.cat([torch.ones(1, 1, 9), torch.zeros(1, 1, 4)], 2)
    padded = network.encode_prompt(torch.nn.functional.pad(codes, (0, 4)), mask)
    torch.testing.assert_close(padded.voice, alone.voice)
    torch.testing.assert_close(padded.speaker, alone.speaker)
    tokens = torch.tensor([[5, 6, 7]])
    hidden, durations = network.encode_text(tokens, torch.ones(1, 1, 3), alone)
    with_padding = torch.tensor([[5, 6, 7, 0, 0]]), torch.tensor([[[1.0, 1, 1, 0, 0]]])
    other, longer = network.encode_text(*with_padding, alone)
    torch.testing.assert_close(other[..., :3], hidden)
    torch.testing.assert_close(longer[:, :3], durations)


@pytest.mark.parametrize(("codec", "form"), [("encodec", "score"), ("facodec", "flow")])
def test_it_speaks(codec: str, form: str, tmp_path: Path) -> None:
    pipeline = hiervox.load(write_naturalspeech2(tmp_path / "model", codec, form), device="cpu")
    assert isinstance(pipeline, TextToSpeech) and isinstance(pipeline.synthesizer.codec, VectorCodec)

    def said(**controls: Any) -> Any:
        return pipeline.tts("Hello.", (PROMPT, RATE), pipeline.controls(**{"steps": 2, **controls}))

    speech = said()
    hop = round(pipeline.rate / pipeline.synthesizer.codec.frame_rate)
    (sentence,) = speech.sentences
    assert np.isfinite(speech.wav).all() and len(speech.wav) >= sum(sentence.durations) * hop
    assert sum(said(speed=2.0).sentences[0].durations) < 0.7 * sum(sentence.durations)
    np.testing.assert_array_equal(said().wav, speech.wav)
    assert said(solver="midpoint").wav.shape == speech.wav.shape
    raised, plain = (each.sentences[0].f0 for each in (said(semitones=12.0), speech))
    np.testing.assert_allclose(raised, 2 * plain, rtol=1e-3)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = write_naturalspeech2(tmp_path / "model")
    (folder / "codec").rename(tmp_path / "codec")
    with pytest.raises(CheckpointError, match="no network for codec"):
        hiervox.load(folder, device="cpu")
    codes = {"model": str(tmp_path / "codec")}
    with pytest.raises(ConfigError, match="no 9 codebooks"):
        _task(model={**MODEL, "n_codebooks": 9}, features={"codes": codes}).build_networks()
    with pytest.raises(ConfigError, match=r"set model\.n_codes to 16 and model\.latent_channels to 16"):
        _task(model={**MODEL, "latent_channels": 8}, features={"codes": codes}).build_networks()
    started = _task(features={"codes": codes}).build_networks()["main"]
    assert started.get_buffer("entries").abs().sum() > 0
    with pytest.raises(ConfigError, match=r"model\.n_symbols is 20"):
        _task(model={**MODEL, "n_symbols": 20}).build_networks()
