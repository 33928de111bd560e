from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.voice import Voice, make_voice, mix_voices
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
def networks(tmp_path_factory) -> Networks:
    return Networks.load(write_tiny_bundle(tmp_path_factory.mktemp("bundle")))


@pytest.fixture(scope="module")
def made(networks) -> Voice:
    return make_voice(networks, RECORDING, SAMPLE_RATE)


def styles(voice: Voice) -> torch.Tensor:
    assert voice.text_to_vec_style is not None
    return torch.cat([voice.text_to_vec_style, voice.synthesizer_style])


def test_what_a_voice_holds(networks, made) -> None:
    mel = log_mel(torch.from_numpy(RECORDING)[None], networks.synthesizer_experiment.mel)
    with torch.no_grad():
        torch.testing.assert_close(made.synthesizer_style, networks.synthesizer.style(mel)[0])
        torch.testing.assert_close(made.text_to_vec_style, networks.text_to_vec.style(mel)[0])
    assert made.pitch.mean == pytest.approx(120, rel=0.05) and made.pitch.deviation > 0
    assert made.peak == pytest.approx(np.abs(RECORDING).max())
    assert made.model == networks.fingerprint and len(made.model) == 64


def test_the_rate_of_the_recording_does_not_matter(networks, made) -> None:
    high = make_voice(networks, resample(RECORDING, SAMPLE_RATE, 48000), 48000)
    torch.testing.assert_close(styles(high), styles(made), atol=2e-2, rtol=0)


def test_denoising_interpolates_styles(networks, made) -> None:
    def denoised(ratio: float) -> torch.Tensor:
        return styles(make_voice(networks, RECORDING, SAMPLE_RATE, denoise_ratio=ratio, denoiser=Halving()))

    clean = denoised(1.0)
    assert not torch.allclose(clean, styles(made), atol=1e-4)
    torch.testing.assert_close(denoised(0.8), 0.2 * styles(made) + 0.8 * clean)
    with pytest.raises(ConfigError, match=r"no denoise ratio 1\.5"):
        denoised(1.5)
    with pytest.raises(ConfigError, match="needs a denoiser"):
        make_voice(networks, RECORDING, SAMPLE_RATE, denoise_ratio=0.5)


def test_replication_concerns_short_prompts_alone(networks, made) -> None:
    repeated = make_voice(networks, RECORDING, SAMPLE_RATE, replicate=True)
    four_times = make_voice(networks, np.tile(RECORDING, 4), SAMPLE_RATE)
    torch.testing.assert_close(styles(repeated), styles(four_times))
    again = make_voice(networks, np.tile(RECORDING, 4), SAMPLE_RATE, replicate=True)
    torch.testing.assert_close(styles(again), styles(four_times))
    assert (repeated.pitch, repeated.peak) == (made.pitch, made.peak)


def test_mixing_is_a_weighted_mean(networks, made) -> None:
    other = make_voice(networks, voice(1.0, f0=200), SAMPLE_RATE)
    mixed = mix_voices([made, other], [3, 1])
    torch.testing.assert_close(styles(mixed), 0.75 * styles(made) + 0.25 * styles(other))
    assert mixed.pitch.mean == pytest.approx(0.75 * made.pitch.mean + 0.25 * other.pitch.mean)
    assert mixed.peak == pytest.approx(0.75 * made.peak + 0.25 * other.peak)
    torch.testing.assert_close(styles(mix_voices([made, other], [0, 2])), styles(other))


def test_an_unvoiced_voice_has_no_say_in_the_pitch(made) -> None:
    breath = Voice(made.text_to_vec_style, made.synthesizer_style, None, 0.1, made.model)
    assert mix_voices([made, breath], [1, 9]).pitch == made.pitch
    assert mix_voices([breath], [1]).pitch is None


@pytest.mark.parametrize("weights", [[], [1], [1, -1], [0, 0], [1, float("nan")], [1, float("inf")]])
def test_unusable_weights_are_refused(made, weights) -> None:
    with pytest.raises(ConfigError, match="weights"):
        mix_voices([made, made], weights)


def test_voices_of_several_models_do_not_mix(made) -> None:
    foreign = Voice(made.text_to_vec_style, made.synthesizer_style, None, 0.1, "another")
    with pytest.raises(ConfigError, match="several models"):
        mix_voices([made, foreign], [1, 1])
