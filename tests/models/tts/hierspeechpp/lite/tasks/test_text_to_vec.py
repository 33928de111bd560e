"""The options of text-to-vec's training at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.hierspeechpp.lite.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import LiteTextToVec
from hiervox.models.tts.hierspeechpp.lite.tasks.text_to_vec import LiteTextToVecTask
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.lite.tiny import CONTOUR, SPEAKER, lite_text_to_vec
from tests.models.tts.hierspeechpp.tasks.test_text_to_vec import TERMS, mean, spoken_batch, what_is_read
from tests.overfit import overfit

ALL_BUT_PITCH = [
    "style_encoder",
    "text_encoder",
    "posterior_encoder",
    "flow",
    "semantic_decoder",
    "duration_predictor",
    "phoneme_classifier",
]


def lite_task(**sections: Any) -> LiteTextToVecTask:
    tree = {
        "system": "hierspeechpp",
        "part": "text_to_vec",
        "out_dir": Path("unused"),
        "data": {"cuts": Path("unused")},
        "model": lite_text_to_vec(),
    }
    return LiteTextToVecTask(LiteTextToVecExperiment.model_validate({**tree, **sections}))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"model": {"edges": True}}, "edges needs blanks: false"),
        ({"model": {"edges": True, "blanks": False}, "text": {"symbols": "_ab"}}, "needs a space"),
    ],
)
def test_options_that_do_not_fit_each_other_are_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lite_task(**sections)


def test_text_alone_is_learnt_by_heart_where_some_items_are_spoken() -> None:
    batch = spoken_batch()
    errors = []
    for ratio in (0.0, 1.0):
        model = lite_text_to_vec(prior_sampling_ratio=ratio)
        history = overfit(lite_task(model=model), batch, steps=100, learning_rate=1e-2)
        errors.append(mean(history[-20:], "semantic"))
        assert mean(history[-20:], "log_f0") < 0.4 * mean(history[:10], "log_f0")
    posterior, text = errors
    assert posterior < text < 0.9 * batch["semantic"].abs().mean()


def test_a_model_without_blanks_reads_the_tokens_as_they_are() -> None:
    model = lite_text_to_vec(blanks=False)
    own, batch = lite_task(model=model), spoken_batch()
    networks = own.build_networks()
    seen = what_is_read(networks["main"])
    output = own.forward(networks, batch)
    assert torch.equal(seen["tokens"], batch["tokens"])
    assert torch.equal(seen["lengths"], batch["token_lengths"])
    terms = own.losses("main", networks, batch, output, 0)
    assert torch.isfinite(own.total(terms, 0))
    assert own.usable(40, 40)
    assert not own.usable(40, 41)
    assert not lite_task().usable(40, 40)


def test_a_model_with_edges_reads_a_space_at_both_ends_and_aligns_them() -> None:
    model = lite_text_to_vec(blanks=False, edges=True)
    own, batch = lite_task(model=model), spoken_batch()
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


def test_a_speaker_projection_that_is_added_changes_nothing_yet_and_is_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_file(CAMPlusPlus(CAMPlusPlusSizes()).state_dict(), tmp_path / "encoder.safetensors")
    plain = lite_task()
    weights = plain.build_networks()["main"].state_dict()
    heard = lite_task(
        model=lite_text_to_vec(speaker=SPEAKER),
        speaker_encoder=tmp_path / "encoder.safetensors",
    )
    network = heard.build_networks()["main"]
    network.load_state_dict(heard.adapt_weights(weights, plain.config))
    assert isinstance(network, LiteTextToVec)
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
    model = lite_text_to_vec(speaker={})
    with pytest.raises(ConfigError, match="needs a speaker encoder"):
        lite_task(model=model).build_networks()


def contour_task(encoder: Path, **sections: Any) -> LiteTextToVecTask:
    model = lite_text_to_vec(contour=CONTOUR)
    return lite_task(model=model, speaker_encoder=encoder, **sections)


def test_a_pitch_predictor_can_be_added_to_a_trained_network_and_trained_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = tmp_path / "encoder.safetensors"
    save_file(CAMPlusPlus(CAMPlusPlusSizes()).state_dict(), encoder)
    plain, heard = lite_task(), contour_task(encoder, train={"freeze": ALL_BUT_PITCH})
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
    other = lite_task(model=heard.config.model.model_copy(update={"contour": wider}), speaker_encoder=encoder)
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
    assert isinstance(network, LiteTextToVec)
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
