"""Tests of `hiervox.models.base.pipelines.mel_synthesizer`: an acoustic model and any vocoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls, MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.parts import Item, OneVoice
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import noise_for
from hiervox.models.base.pipelines.vocoder import GriffinLimVocoder, MelVocoderPipeline
from hiervox.models.vocoder.training import build_network
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text import TextConfig
from hiervox.utils.errors import AudioError, ConfigError
from tests.models.base.pipelines.toys import CARDS, registered, write_toy
from tests.models.vocoder.small import experiment

PLAIN = MelSpeechControls(scaling="none")


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    with registered(*CARDS):
        yield


class Hum:
    """20 frames a token, all alike."""

    f0: np.ndarray | None = None
    level = -1.0

    def __init__(self, mel: SpectrogramConfig) -> None:
        self.mel_config, self.reader = mel, TextReader(TextConfig())

    def acoustic(
        self, items: Sequence[Item], controls: MelSpeechControls, attempt: int = 0
    ) -> list[Synthesis]:
        made = []
        for sequence, _ in items:
            mel = np.full((self.mel_config.n_mels, 20 * len(sequence.tokens)), self.level, np.float32)
            noise = noise_for(controls.seed, sequence.position, attempt)
            made.append(Synthesis(sequence, mel, self.mel_config.frame_rate, noise, f0=self.f0))
        return made


def humming(folder: Path, mel: SpectrogramConfig | None = None) -> SpeechPipeline[MelSpeechControls]:
    hum = Hum(mel or SpectrogramConfig())
    synthesizer = MelSynthesizer[MelSpeechControls](hum, VocoderChoice(folder, hum.mel_config))
    return SpeechPipeline(folder, "cpu", MelSpeechControls, synthesizer, OneVoice("hum"))


def _synthesizer(pipeline: SpeechPipeline[MelSpeechControls]) -> Any:
    return pipeline.synthesizer


def _vocoder(pipeline: SpeechPipeline[MelSpeechControls]) -> Any:
    return _synthesizer(pipeline).vocoder.named(None)


def test_the_folders_vocoder_speaks(tmp_path: Path) -> None:
    write_toy(tmp_path / "some_vocoder", "vocoder")
    pipeline = humming(tmp_path)
    assert isinstance(_vocoder(pipeline), MelVocoderPipeline)
    assert _vocoder(pipeline) is _vocoder(pipeline)
    speech = pipeline.tts("Hello.", controls=PLAIN)
    sentence = speech.sentences[0].sequence
    assert speech.rate == 16_000 and speech.wav.size >= 20 * 320 * len(sentence.tokens)


def test_without_one_griffin_lim_does(tmp_path: Path) -> None:
    pipeline = humming(tmp_path)
    assert isinstance(_vocoder(pipeline), GriffinLimVocoder)
    wav = pipeline.tts("Hello.", controls=PLAIN).wav
    streamed = np.concatenate(list(pipeline.tts_stream("Hello.", controls=PLAIN)))
    assert np.abs(wav).max() > 0.01
    np.testing.assert_allclose(streamed, wav, atol=1e-6)


def test_a_control_names_another(tmp_path: Path) -> None:
    write_toy(tmp_path / "model" / "own", "vocoder")
    pipeline = humming(tmp_path / "model")
    own = pipeline.tts("Hello.", controls=PLAIN).wav
    named = PLAIN.model_copy(update={"vocoder": "griffin_lim"})
    assert not np.array_equal(pipeline.tts("Hello.", controls=named).wav[: own.size], own)
    folder = str(write_toy(tmp_path / "other", "vocoder"))
    assert np.array_equal(
        pipeline.tts("Hello.", controls=PLAIN.model_copy(update={"vocoder": folder})).wav, own
    )


def test_one_for_other_spectrograms_is_refused_with_both_settings(tmp_path: Path) -> None:
    config = experiment("hifigan")
    save_weights(tmp_path, build_network(config).state_dict(), config.model_dump(mode="json"))
    pipeline = humming(tmp_path / "none")
    with pytest.raises(ConfigError, match="sample_rate 8000 against 16000, n_fft 64 against 1280") as refused:
        pipeline.tts("Hello.", controls=MelSpeechControls(vocoder=str(tmp_path)))
    assert "\n" not in str(refused.value)
    with pytest.raises(ConfigError, match="no model 'nothing'"):
        pipeline.tts("Hello.", controls=MelSpeechControls(vocoder="nothing"))


def test_a_vocoder_that_hears_f0_gets_the_predicted_one(tmp_path: Path) -> None:
    config = experiment("nsf_hifigan")
    save_weights(tmp_path, build_network(config).state_dict(), config.model_dump(mode="json"))
    pipeline = humming(tmp_path / "none", config.mel)
    named = MelSpeechControls(vocoder=str(tmp_path), scaling="none")
    with pytest.raises(AudioError, match="needs the F0"):
        pipeline.tts("Hello.", controls=named)
    _synthesizer(pipeline).acoustic_model.f0 = np.full(50, 120, np.float32)
    assert np.isfinite(pipeline.tts("Hello.", controls=named).wav).all()


def test_a_spectrogram_under_silence_is_lifted_to_it(tmp_path: Path) -> None:
    config = experiment("hifigan")
    save_weights(tmp_path, build_network(config).state_dict(), config.model_dump(mode="json"))
    pipeline = humming(tmp_path / "none", config.mel)
    _synthesizer(pipeline).acoustic_model.level = -100.0
    assert np.isfinite(pipeline.tts("Hello.", controls=MelSpeechControls(vocoder=str(tmp_path))).wav).all()
