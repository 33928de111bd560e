from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import hiervox
from hiervox.models.base.pipelines.bundle import prompts_of, resolve_bundle
from hiervox.models.base.pipelines.prompt import read_prompt
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice, mix_voices
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourSizes, pitch_values
from hiervox.models.tts.hierspeechpp.lite.pipeline import load_pipeline
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

RECORDING = voice(1.5, f0=120)


class Halving:
    """A denoiser that halves, and gives another rate."""

    rate = 8000

    def enhance(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        return resample(wav / 2, rate, self.rate), self.rate


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> SpeechPipeline[HierSpeechControls]:
    return load_pipeline(write_tiny_bundle(tmp_path_factory.mktemp("bundle")))


@pytest.fixture(scope="module")
def made(pipeline) -> Voice:
    return pipeline.voice((RECORDING, SAMPLE_RATE))


def styles(voice: Voice) -> torch.Tensor:
    return torch.cat([voice.tensors["text_to_vec"], voice.tensors["synthesizer"]])


def test_what_a_voice_holds(pipeline, made) -> None:
    mel = log_mel(torch.from_numpy(RECORDING)[None], pipeline.synthesizer.networks.synthesizer_experiment.mel)
    with torch.no_grad():
        for part in ("synthesizer", "text_to_vec"):
            style = getattr(pipeline.synthesizer.networks, part).style(mel)[0]
            torch.testing.assert_close(made.tensors[part], style)
    assert made.pitch.mean == pytest.approx(120, rel=0.05) and made.pitch.standard_deviation > 0
    assert made.peak == pytest.approx(np.abs(RECORDING).max())
    assert made.model == pipeline.fingerprint and len(made.model) == 64


def test_the_rate_of_the_recording_does_not_matter(pipeline, made) -> None:
    high = pipeline.voice((resample(RECORDING, SAMPLE_RATE, 48000), 48000))
    torch.testing.assert_close(styles(high), styles(made), atol=2e-2, rtol=0)


def test_denoising_interpolates_styles(pipeline, made, monkeypatch) -> None:
    monkeypatch.setitem(vars(pipeline.loader), "denoiser", Halving())

    def denoised(ratio: float) -> torch.Tensor:
        return styles(pipeline.voice((RECORDING, SAMPLE_RATE), denoise_ratio=ratio))

    clean = denoised(1.0)
    assert not torch.allclose(clean, styles(made), atol=1e-4)
    torch.testing.assert_close(denoised(0.8), 0.2 * styles(made) + 0.8 * clean)
    with pytest.raises(ConfigError, match=r"no denoise ratio 1\.5"):
        denoised(1.5)


def test_replication_concerns_short_prompts_alone(pipeline, made) -> None:
    repeated = pipeline.voice((RECORDING, SAMPLE_RATE), replicate=True)
    four_times = pipeline.voice((np.tile(RECORDING, 4), SAMPLE_RATE))
    torch.testing.assert_close(styles(repeated), styles(four_times))
    again = pipeline.voice((np.tile(RECORDING, 4), SAMPLE_RATE), replicate=True)
    torch.testing.assert_close(styles(again), styles(four_times))
    assert (repeated.pitch, repeated.peak) == (made.pitch, made.peak)


def test_mixing_is_a_weighted_mean(pipeline, made) -> None:
    other = pipeline.voice((voice(1.0, f0=200), SAMPLE_RATE))
    mixed = mix_voices([made, other], [3, 1])
    torch.testing.assert_close(styles(mixed), 0.75 * styles(made) + 0.25 * styles(other))
    assert mixed.pitch.mean == pytest.approx(0.75 * made.pitch.mean + 0.25 * other.pitch.mean)
    assert mixed.peak == pytest.approx(0.75 * made.peak + 0.25 * other.peak)
    torch.testing.assert_close(styles(mix_voices([made, other], [0, 2])), styles(other))


def test_an_unvoiced_voice_has_no_say_in_the_pitch(made) -> None:
    breath = Voice(made.tensors, made.model, 0.1)
    assert mix_voices([made, breath], [1, 9]).pitch == made.pitch
    assert mix_voices([breath], [1]).pitch is None


@pytest.mark.parametrize("weights", [[], [1], [1, -1], [0, 0], [1, float("nan")], [1, float("inf")]])
def test_unusable_weights_are_refused(made, weights) -> None:
    with pytest.raises(ConfigError, match="weights"):
        mix_voices([made, made], weights)


def test_voices_of_several_models_do_not_mix(made) -> None:
    foreign = Voice(made.tensors, "another", 0.1)
    with pytest.raises(ConfigError, match="several models"):
        mix_voices([made, foreign], [1, 1])


def test_text_to_vec_can_hear_the_prompt_s_pitch(tmp_path, pipeline) -> None:
    sizes = ContourSizes(channels=8, dilations=(1,), fine_channels=4, fine_dilations=(1,))
    heard = load_pipeline(write_tiny_bundle(tmp_path / "bundle", contour=sizes))
    low, high = (heard.voice((voice(1.5, f0=f0), SAMPLE_RATE)) for f0 in (120, 240))
    for made in (low, high):
        style = made.tensors["text_to_vec"]
        assert style.shape == (heard.synthesizer.networks.text_to_vec.config.style_channels + 192 + 2, 1)
        assert style[-2:].isfinite().all()
        heard.voices.check(made, "the voice")
    assert heard.tts("Hello there.", high).f0.mean() > 1.2 * heard.tts("Hello there.", low).f0.mean()
    levels = [float(made.tensors["text_to_vec"][-2]) for made in (low, high)]
    octave = pitch_values(torch.tensor([[120.0, 9.0], [240.0, 9.0]]))[:, 0].diff().item()
    assert levels[1] - levels[0] == pytest.approx(octave, rel=0.05)
    assert heard.fingerprint != pipeline.fingerprint
    with torch.inference_mode():
        silent = heard.voices.encode(np.zeros(SAMPLE_RATE, np.float32), "silence")["text_to_vec"]
    assert silent[-2:].tolist() == [[0.0], [0.0]]


def test_what_a_bundle_keeps_of_its_recordings_is_taken_while_it_is_theirs(tmp_path, monkeypatch) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    (bundle / "prompts").mkdir(exist_ok=True)
    prompt = bundle / "prompts" / "zoe.flac"
    soundfile.write(prompt, RECORDING, SAMPLE_RATE)
    expected = load_pipeline(bundle).voice("zoe")
    (stored,) = [file for file in load_pipeline(bundle).loader.store_voices() if file.stem == "zoe"]
    assert stored == bundle / "voices" / "zoe.safetensors"

    def encoded(given: str | Path, **options: float) -> bool:
        pipeline, calls = load_pipeline(bundle), []
        encode = pipeline.loader.voices.encode
        monkeypatch.setattr(
            pipeline.loader.voices, "encode", lambda *args: (calls.append(args), encode(*args))[1]
        )
        voice = pipeline.voice(given, **options)
        torch.testing.assert_close(styles(voice), styles(expected), rtol=0, atol=0 if not options else 10)
        assert voice.pitch == expected.pitch or options
        return bool(calls)

    assert not encoded("zoe") and not encoded(prompt)
    assert encoded("zoe", replicate=True)
    soundfile.write(prompt, RECORDING[::-1].copy(), SAMPLE_RATE)  # another recording
    assert load_pipeline(bundle).loader.stored_voice(prompt) is None
    soundfile.write(prompt, RECORDING, SAMPLE_RATE)
    config = bundle / "synthesizer" / "config.json"
    tree = json.loads(config.read_text())
    tree["model"]["clean_prompts"] = not tree["model"].get("clean_prompts", False)
    config.write_text(json.dumps(tree))  # other styles
    assert load_pipeline(bundle).loader.stored_voice(prompt) is None


def test_the_package_keeps_what_its_recordings_give() -> None:
    pipeline = hiervox.load()
    prompts = prompts_of(resolve_bundle())
    assert prompts
    for prompt in prompts:
        kept = pipeline.loader.stored_voice(prompt)
        assert kept is not None, f"run egs/common/local/store_voices.py for {prompt}"
        wav, rate = read_prompt(prompt)
        heard = pipeline.voice((wav, rate))
        torch.testing.assert_close(styles(kept), styles(heard), atol=1e-3, rtol=1e-3)
        assert kept.pitch.mean == pytest.approx(heard.pitch.mean, rel=1e-4)
        assert kept.peak == pytest.approx(heard.peak)
        network, style = pipeline.synthesizer.networks.synthesizer, kept.tensors["synthesizer"][None]
        floors = dict(network._floors)
        assert style.numpy().tobytes() in floors
        floor = network.noise_floor(style)
        network._floors.clear()
        torch.testing.assert_close(floor, network.noise_floor(style), atol=1e-3, rtol=1e-3)
        network._floors.update(floors)
