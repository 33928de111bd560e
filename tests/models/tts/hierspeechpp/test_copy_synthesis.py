from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.processors.audio import pad_to_multiple
from hiervox.processors.spectrogram import linear_spectrogram, log_mel
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

RECORDING = voice(1.0, f0=150)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> SpeechPipeline[HierSpeechControls]:
    return load(write_tiny_bundle(tmp_path_factory.mktemp("bundle")), device="cpu")


@torch.no_grad()
def posterior(pipeline: SpeechPipeline[HierSpeechControls]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean of the acoustic latent and the style, written down anew."""
    networks = pipeline.synthesizer.networks
    network, config = networks.synthesizer, networks.synthesizer_experiment.mel
    style = network.style(log_mel(torch.from_numpy(RECORDING)[None], config))
    wav = torch.from_numpy(pad_to_multiple(RECORDING))[None]
    spectrogram = linear_spectrogram(wav, config)
    mask = torch.ones(1, 1, spectrogram.shape[-1])
    mean, _ = network.acoustic_posterior(spectrogram, wav[:, None], mask, style)
    return mean, style


def test_heard_pitch_is_that_of_the_source_network(pipeline, monkeypatch) -> None:
    source = pipeline.synthesizer.networks.synthesizer.source
    said = source.forward

    def high(z, style):
        features, log_f0 = said(z, style)
        return features, log_f0 + math.log(100)

    monkeypatch.setattr(source, "forward", high)
    mean, style = posterior(pipeline)
    with torch.no_grad():
        _, expected = source(mean, style)
    f0 = pipeline.f0((RECORDING, SAMPLE_RATE), HierSpeechControls(noise_scale=0))
    voiced = expected[0, 0] >= math.log(55)
    np.testing.assert_allclose(f0, torch.where(voiced, expected[0, 0].expm1(), 0), rtol=1e-4)
    assert voiced.any() and f0.size == 4 * mean.shape[-1]


def test_resynthesis_is_that_of_the_posterior(pipeline) -> None:
    mean, style = posterior(pipeline)
    network = pipeline.synthesizer.networks.synthesizer
    with torch.no_grad():
        expected = network.decoder.padded(mean, style, [mean.shape[-1]])[0, 0]
    controls = HierSpeechControls(noise_scale=0, scaling="none")
    np.testing.assert_allclose(
        pipeline.resynthesize((RECORDING, SAMPLE_RATE), controls).wav, expected, atol=1e-5
    )
    as_recorded = pipeline.resynthesize((RECORDING, SAMPLE_RATE), HierSpeechControls(scaling="prompt"))
    assert np.abs(as_recorded.wav).max() == pytest.approx(np.abs(RECORDING).max(), rel=1e-5)
