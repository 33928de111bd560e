from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.hierspeechpp.config import SpeakerEncoderSizes
from hiervox.models.tts.hierspeechpp.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.tasks.text_to_vec import TextToVecTask
from hiervox.models.tts.hierspeechpp.ttv_config import (
    ContourSizes,
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


def test_text_alone_is_learnt_by_heart_where_some_items_are_spoken() -> None:
    batch = spoken_batch()
    errors = []
    for ratio in (0.0, 1.0):
        model = tiny_config(SEMANTIC_CHANNELS).model_copy(update={"spoken_ratio": ratio})
        history = overfit(task(model=model), batch, steps=100, learning_rate=1e-2)
        errors.append(mean(history[-20:], "semantic"))
        assert mean(history[-20:], "log_f0") < 0.4 * mean(history[:10], "log_f0")
    posterior, text = errors
    assert posterior < text < 0.9 * batch["semantic"].abs().mean()


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


def test_a_model_without_blanks_reads_the_tokens_as_they_are() -> None:
    model = tiny_config(SEMANTIC_CHANNELS).model_copy(update={"blanks": False})
    own, batch = task(model=model), spoken_batch()
    networks = own.build_networks()
    seen = what_is_read(networks["main"])
    output = own.forward(networks, batch)
    assert torch.equal(seen["tokens"], batch["tokens"])
    assert torch.equal(seen["lengths"], batch["token_lengths"])
    terms = own.losses("main", networks, batch, output, 0)
    assert torch.isfinite(own.total(terms, 0))
    assert own.usable(40, 40)
    assert not own.usable(40, 41)
    assert not task().usable(40, 40)


def test_a_model_with_edges_reads_a_space_at_both_ends_and_aligns_them() -> None:
    model = tiny_config(SEMANTIC_CHANNELS).model_copy(update={"blanks": False, "edges": True})
    own, batch = task(model=model), spoken_batch()
    networks = own.build_networks()
    seen = what_is_read(networks["main"])
    output = own.forward(networks, batch)
    space = own.config.text.symbols.index(" ")
    lengths = batch["token_lengths"].tolist()
    assert len(set(lengths)) > 1
    for read, tokens, length in zip(seen["tokens"].tolist(), batch["tokens"].tolist(), lengths, strict=True):
        padding = [0] * (max(lengths) - length)
        assert read == [space, *tokens[:length], space, *padding]
    assert seen["lengths"].tolist() == [length + 2 for length in lengths]
    assert output.alignment.shape[2] == max(lengths) + 2
    assert torch.isfinite(own.total(own.losses("main", networks, batch, output, 0), 0))
    assert own.usable(40, 38)
    assert not own.usable(40, 39)


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
        ({"model": {"edges": True}}, "edges needs blanks: false"),
        ({"model": {"edges": True, "blanks": False}, "text": {"symbols": "_ab"}}, "needs a space"),
    ],
)
def test_sections_that_do_not_fit_each_other_are_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        task(**sections)


def test_published_optimizer_is_the_default_of_every_depth() -> None:
    for train in ({}, {"max_steps": 5}, {"optimizer": {"weight_decay": 0.1}}):
        own = task(train=train).config.train
        assert (own.batch_size, own.optimizer.learning_rate) == (32, 2e-4)


def test_a_speaker_projection_that_is_added_changes_nothing_yet_and_is_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_file(CAMPlusPlus(CAMPlusPlusSizes()).state_dict(), tmp_path / "encoder.safetensors")
    plain = task()
    weights = plain.build_networks()["main"].state_dict()
    speaker = SpeakerEncoderSizes(hidden_channels=8, max_seconds=0.3)
    heard = task(
        model=tiny_config(SEMANTIC_CHANNELS).model_copy(update={"speaker": speaker}),
        speaker_encoder=tmp_path / "encoder.safetensors",
    )
    network = heard.build_networks()["main"]
    network.load_state_dict(heard.adapt_weights(weights, plain.config))
    assert isinstance(network, TextToVec)
    mel = torch.randn(2, 80, 20)
    embedding = torch.randn(2, 192)
    before = plain.build_networks()["main"]
    before.load_state_dict(weights)
    torch.testing.assert_close(network.eval().style(mel, None, embedding), before.eval().style(mel))
    with pytest.raises(ValueError, match="needs the speaker embedding"):
        network.style(mel)
    engine = StepEngine(heard, "cpu")
    engine.step(spoken_batch(), 0)
    assert bool(engine.bare("main").speaker_projection[2].weight.any())


def test_a_speaker_projection_needs_the_encoder_s_weights() -> None:
    model = tiny_config(SEMANTIC_CHANNELS).model_copy(update={"speaker": SpeakerEncoderSizes()})
    with pytest.raises(ConfigError, match="needs a speaker encoder"):
        task(model=model).build_networks()


CONTOUR = ContourSizes(
    channels=8,
    dilations=(1, 3),
    fine_channels=4,
    fine_dilations=(1,),
    speaker=SpeakerEncoderSizes(hidden_channels=8, max_seconds=0.3),
)
ALL_BUT_PITCH = [
    "style_encoder",
    "text_encoder",
    "posterior_encoder",
    "flow",
    "semantic_decoder",
    "duration_predictor",
    "phoneme_classifier",
]


def contour_task(encoder: Path, **sections: Any) -> TextToVecTask:
    model = tiny_config(SEMANTIC_CHANNELS).model_copy(update={"contour": CONTOUR})
    return task(model=model, speaker_encoder=encoder, **sections)


def test_a_pitch_predictor_can_be_added_to_a_trained_network_and_trained_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = tmp_path / "encoder.safetensors"
    save_file(CAMPlusPlus(CAMPlusPlusSizes()).state_dict(), encoder)
    plain, heard = task(), contour_task(encoder, train={"freeze": ALL_BUT_PITCH})
    assert "prompt_pitch" in heard.batch_fields() - plain.batch_fields()
    weights = plain.build_networks()["main"].state_dict()
    engine = StepEngine(heard, "cpu")
    engine.bare("main").load_state_dict(heard.adapt_weights(weights, plain.config))
    before = {name: value.clone() for name, value in engine.bare("main").state_dict().items()}
    batch = {**spoken_batch(), "prompt_pitch": torch.tensor([[150.0, 30.0], [0.0, 0.0]])}
    terms = engine.step(batch, 0)
    assert set(terms) == {*TERMS, "voicing"} and terms["voicing"].item() > 0
    changed = {
        name.split(".")[0]
        for name, value in engine.bare("main").state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"pitch_predictor"}
    wider = CONTOUR.model_copy(update={"range": 1.5})
    other = task(model=heard.config.model.model_copy(update={"contour": wider}), speaker_encoder=encoder)
    weights = engine.bare("main").state_dict()
    assert other.adapt_weights(weights, heard.config) is weights  # it goes on as it is
    with torch.no_grad():
        report = heard.validate({"main": engine.bare("main").eval()}, batch, 1)
    assert {"spoken_log_f0", "voicing"} < set(report)


def test_f0_is_judged_where_the_recording_is_voiced(tmp_path: Path) -> None:
    encoder = tmp_path / "encoder.safetensors"
    save_file(CAMPlusPlus(CAMPlusPlusSizes()).state_dict(), encoder)
    heard = contour_task(encoder)
    torch.manual_seed(0)
    networks = {"main": heard.build_networks()["main"].eval()}
    batch = {**spoken_batch(), "prompt_pitch": torch.tensor([[150.0, 30.0], [150.0, 30.0]])}

    @torch.no_grad()
    def terms(f0: torch.Tensor) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        given = {**batch, "f0": f0}
        return heard.losses("main", networks, given, heard.forward(networks, given), 0)

    f0 = batch["f0"]
    constant = terms(torch.full_like(f0, 150.0))
    half = terms(torch.where(torch.rand(f0.shape) < 0.5, 150.0, 0.0))
    torch.testing.assert_close(constant["log_f0"], half["log_f0"], rtol=0.2, atol=0)  # not 2.5 more
    assert float(terms(torch.zeros_like(f0))["log_f0"]) == 0


def test_the_network_asks_for_the_prompt_s_pitch(tmp_path: Path) -> None:
    encoder = tmp_path / "encoder.safetensors"
    save_file(CAMPlusPlus(CAMPlusPlusSizes()).state_dict(), encoder)
    network = contour_task(encoder).build_networks()["main"].eval()
    assert isinstance(network, TextToVec)
    mel, embedding = torch.randn(2, 80, 20), torch.randn(2, 192)
    with pytest.raises(ValueError, match="needs the pitch"):
        network.style(mel, None, embedding)
    style = network.style(mel, None, embedding, torch.tensor([[220.0, 40.0], [110.0, 20.0]]))
    assert style.shape == (2, network.config.style_channels + 192 + 2, 1)
    tokens, lengths = torch.tensor([[3, 4, 5]]).expand(2, 3), torch.tensor([3, 3])
    spoken = network.infer(tokens, lengths, style, 0.0, 0.0)
    other = network.infer(tokens, lengths, style.flip(0), 0.0, 0.0)
    assert spoken.log_f0.shape[-1] == 4 * spoken.semantic.shape[-1]
    assert not torch.allclose(spoken.log_f0[:1, :, :8], other.log_f0[:1, :, :8])
