"""Tests of what the shared pipeline makes of a system: batches, streams, checks, second attempts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
import torch
from torch import Tensor

from hiervox.models.base.pipelines import attempts
from hiervox.models.base.pipelines.concatenation import concatenate
from hiervox.models.base.pipelines.output_checks import Issue
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.token_sequence import (
    TokenSequence,
    noise_for,
    pauses_behind,
    token_sequence,
)
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._hierarchy import windowed
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import (
    SpectralGenerator,
    SpectralGeneratorSizes,
)
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.models.tts.hierspeechpp.lite.parts import LiteNetworks
from hiervox.models.tts.hierspeechpp.lite.pipeline import LiteSpeechSynthesizer
from hiervox.models.tts.hierspeechpp.pipeline import build_pipeline
from hiervox.models.tts.hierspeechpp.speaking import HierSpeechSynthesizer
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour
from hiervox.processors.text.script import Span, Utterance
from hiervox.utils.errors import AudioError, ConfigError, TextError
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

CONTROLS = HierSpeechControls(sentence_pause=0.1)
TEXT = [
    Utterance((Span("Short one."),)),
    Utterance((Span("A rather longer sentence, "), Span("slow at its end.", rate=0.6)), pause_after=0.3),
    Utterance((Span("Middling words here."),)),
]


def make_networks(folder: object) -> LiteNetworks:
    """Whose durations are those of speech, so that nothing is said twice."""
    networks = LiteNetworks.load(write_tiny_bundle(folder))  # type: ignore[arg-type]
    torch.nn.init.constant_(networks.text_to_vec.duration_predictor.flow.offset, -1.0)
    return networks


@pytest.fixture(scope="module", params=["amp", "istft"])
def networks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LiteNetworks:
    networks = make_networks(tmp_path_factory.mktemp("bundle") / "tiny")
    if request.param == "istft":
        torch.manual_seed(0)
        sizes = SpectralGeneratorSizes(frame_channels=8, source_block_channels=8, source_blocks=2)
        config = networks.synthesizer.config.model_copy(update={"generator": sizes})
        networks.synthesizer = LiteSynthesizer(config).eval()
        predict = networks.text_to_vec.pitch_predictor.forward

        def voiced(semantic: Tensor, mask: Tensor, style: Tensor) -> Tensor:
            log_f0 = 5 + 0.2 * torch.tanh(predict(semantic, mask, style))
            return log_f0 * mask.repeat_interleave(4, dim=2)

        networks.text_to_vec.pitch_predictor.forward = voiced  # type: ignore[method-assign]
        generator = networks.synthesizer.generator
        assert isinstance(generator, SpectralGenerator)
        levels = torch.tensor([-4.0, -5.0, 0.0])  # log-gains of pulses and noise, and a phase shift
        with torch.no_grad():
            generator.gains.bias.copy_(levels.repeat_interleave(generator.stft.bins))
            generator.gains.weight.mul_(5)
    return networks


@pytest.fixture
def plain(tmp_path_factory: pytest.TempPathFactory) -> LiteNetworks:
    """LiteNetworks of its own, to be tampered with."""
    return make_networks(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(
        attempts._log, "warning", lambda message, *values: lines.append(message % values), raising=True
    )
    assert isinstance(attempts._log, logging.Logger)
    return lines


def voice(seed: int) -> Voice:
    noise = torch.Generator().manual_seed(seed)
    styles = [torch.randn(8, 1, generator=noise) for _ in range(2)]
    return Voice({"text_to_vec": styles[0], "synthesizer": styles[1]}, "tiny", 0.5)


class Speaker:
    """The shared pipeline over given networks, with utterances instead of texts."""

    def __init__(self, networks: LiteNetworks) -> None:
        networks.fingerprint = "tiny"
        self.pipeline = build_pipeline(LiteSpeechSynthesizer(networks))

    def read(self, utterances: list[Utterance], positions: list[int] | None = None) -> list[TokenSequence]:
        frontend = self.pipeline.synthesizer.reader.frontend()
        places = positions or list(range(len(utterances)))
        return [token_sequence(frontend, *one, blanks=True) for one in zip(utterances, places, strict=True)]

    def speak(self, utterances: list[Utterance], own: Voice, f0: F0Contour | None = None) -> list[Synthesis]:
        if f0 is not None:
            return list(self.pipeline.tts_sentences(self.read(utterances), own, CONTROLS, f0))
        items = [(one, own) for one in self.read(utterances)]
        return [one for item in items for one in self.pipeline.synthesize([item], CONTROLS)]

    def batch(self, items: list[tuple[Utterance, Voice]], positions: list[int]) -> list[Synthesis]:
        sequences = self.read([utterance for utterance, _ in items], positions)
        voices = [own for _, own in items]
        return self.pipeline.synthesize(list(zip(sequences, voices, strict=True)), CONTROLS)

    def stream(self, utterances: list[Utterance], own: Voice) -> Iterator[Waveform]:
        controls = CONTROLS.model_copy(update={"scaling": "none"})
        return self.pipeline.tts_stream(self.read(utterances), own, controls)


def assert_same(one: Synthesis, other: Synthesis) -> None:
    np.testing.assert_allclose(one.wav, other.wav, atol=1e-5, rtol=0)
    np.testing.assert_allclose(one.f0, other.f0, atol=1e-2, rtol=0)
    np.testing.assert_array_equal(one.alignment, other.alignment)
    assert one.sequence.phonemes == other.sequence.phonemes and one.attempts == other.attempts


@pytest.mark.parametrize("size", [1, 2, 16])
def test_a_batch_of_lengths_and_voices_is_its_items(
    networks: LiteNetworks, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windowed, "CPU_PASSES", size)
    speaker, voices = Speaker(networks), [voice(1), voice(2), voice(3)]
    speaker.pipeline.batch_size = size
    items = [*zip(TEXT, voices, strict=True), (TEXT[1], voices[0])]
    together = speaker.batch(items, [0, 1, 2, 1])
    assert len({one.wav.size for one in together}) > 2
    for one, (utterance, own), position in zip(together, items, [0, 1, 2, 1], strict=True):
        alone = list(speaker.speak(TEXT, own))[position]
        assert one.sequence.text == utterance.text and one.wav.std() > 1e-3
        assert one.wav.size == 320 * one.alignment.shape[0] == 80 * one.f0.size
        assert_same(one, alone)
        assert one.attempts == 1
    one, other = together[1].wav, together[3].wav
    assert one.shape != other.shape or np.abs(one - other).max() > 2e-4  # two voices, one text


def test_a_second_attempt_does_not_depend_on_its_batch_either(
    networks: LiteNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def issue_of_some(one: Synthesis, controls: object) -> list[Issue]:
        first = one.noise.initial_seed() == noise_for(CONTROLS.seed, 1).initial_seed()
        return [Issue("limps", 2.0)] if first else []

    monkeypatch.setattr(attempts, "duration_issues", issue_of_some)
    speaker = Speaker(networks)
    speaker.pipeline.batch_size = 16
    together = speaker.batch([(one, voice(1)) for one in TEXT], [0, 1, 2])
    assert [one.attempts for one in together] == [1, 2, 1]
    for one, alone in zip(together, Speaker(networks).speak(TEXT, voice(1)), strict=True):
        assert_same(one, alone)


def test_each_text_of_a_batch_starts_at_position_0(networks: LiteNetworks) -> None:
    speaker = Speaker(networks)
    one, two = speaker.batch([(TEXT[0], voice(1)), (TEXT[0], voice(1))], [0, 0])
    (alone,) = speaker.speak(TEXT[:1], voice(1))
    assert_same(one, alone)
    assert_same(two, alone)
    (elsewhere,) = speaker.batch([(TEXT[0], voice(1))], [4])
    assert elsewhere.wav.shape != alone.wav.shape or np.abs(elsewhere.wav - alone.wav).max() > 1e-3


def laid_out(spoken: list[Synthesis]) -> Waveform:
    pauses = pauses_behind([one.sequence for one in spoken], CONTROLS.sentence_pause)
    return np.concatenate(list(concatenate([[one.wav] for one in spoken], pauses, 16_000)))


def test_a_stream_is_the_whole_text(networks: LiteNetworks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed, "STREAM_BACKBONE_WINDOW", 20)
    speaker = Speaker(networks)
    chunks = list(speaker.stream(TEXT, voice(1)))
    whole = laid_out(list(speaker.speak(TEXT, voice(1))))
    assert len(chunks) > 8 and chunks[0].size <= 80 * windowed.FIRST_CHUNK
    np.testing.assert_allclose(np.concatenate(chunks), whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize("networks", ["istft"], indirect=True)
def test_what_a_voice_makes_of_silence_is_subtracted_from_speech(
    networks: LiteNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, own = Speaker(networks), [voice(1), voice(2)]
    before = laid_out(list(speaker.speak(TEXT, own[0])))
    silence = torch.randn(1, networks.synthesizer.config.semantic_channels, 40)
    monkeypatch.setattr(networks.synthesizer, "silence", lambda: silence)
    config = networks.synthesizer.config.model_copy(update={"noise_floor": 1.5})
    monkeypatch.setattr(networks.synthesizer, "config", config)
    styles = torch.stack([one.tensors["synthesizer"] for one in own])
    floors = networks.synthesizer.noise_floor(styles)
    assert floors is not None and floors.shape == (2, 161, 1) and (floors > 0).all()
    assert not torch.allclose(floors[0], floors[1])
    after = laid_out(list(speaker.speak(TEXT, own[0])))
    assert np.square(after).mean() < 0.9 * np.square(before).mean()
    streamed = np.concatenate(list(speaker.stream(TEXT, own[0])))
    np.testing.assert_allclose(streamed, after, atol=1e-6, rtol=0)


def test_a_stream_of_one_utterance_is_neither_trimmed_nor_faded(networks: LiteNetworks) -> None:
    speaker = Speaker(networks)
    wav = np.concatenate(list(speaker.stream(TEXT[1:2], voice(1))))
    (spoken,) = speaker.speak(TEXT[1:2], voice(1))
    np.testing.assert_allclose(wav[:-4800], spoken.wav, atol=1e-6, rtol=0)
    assert not wav[-4800:].any()  # the pause that it asks for


def test_speaking_waits_for_nobody(plain: LiteNetworks, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()
    acoustic = HierSpeechSynthesizer.acoustic
    monkeypatch.setattr(HierSpeechSynthesizer, "acoustic", lambda *given: (next(calls), acoustic(*given))[1])
    chunks = Speaker(plain).stream(TEXT, voice(1))
    next(chunks)
    assert next(calls) == 1  # only the first sentence has been read


def test_pauses_are_the_utterances_own_or_by_ending(plain: LiteNetworks) -> None:
    sequences = Speaker(plain).read(TEXT)
    assert pauses_behind(sequences, 0.1) == [0.1, 0.3, 0.0]
    assert pauses_behind(sequences[:2], 0.1) == [0.1, 0.3]


def test_an_unspeakable_utterance_stops_everything_before_it_begins(plain: LiteNetworks) -> None:
    with pytest.raises(TextError):
        Speaker(plain).speak([*TEXT, Utterance((Span("..."),))], voice(1))
    assert "synthesizer" not in vars(plain)


def test_one_curve_for_several_utterances_is_refused(plain: LiteNetworks) -> None:
    with pytest.raises(ConfigError, match="curve"):
        Speaker(plain).speak(TEXT, voice(1), np.full(100, 200, np.float32))


def pausing(plain: LiteNetworks, monkeypatch: pytest.MonkeyPatch, attempts: Iterator[float]) -> None:
    """At each reading, so many frames are added to the blank in the middle of a sentence."""
    sample = plain.text_to_vec.duration_predictor.sample

    def tamper(hidden: Tensor, *rest: object) -> Tensor:
        durations = sample(hidden, *rest).exp()  # type: ignore[arg-type]
        durations[..., durations.shape[-1] // 4 * 2] += next(attempts)
        return durations.log()

    monkeypatch.setattr(plain.text_to_vec.duration_predictor, "sample", tamper)


def test_a_faulty_reading_is_read_once_more(
    plain: LiteNetworks, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    pausing(plain, monkeypatch, iter([100, 0, 100, 0]))
    (spoken,) = Speaker(plain).speak(TEXT[2:], voice(1))
    assert spoken.attempts == 2 and spoken.problems == () and logged == []
    streamed = np.concatenate(list(Speaker(plain).stream(TEXT[2:], voice(1))))
    np.testing.assert_allclose(streamed, spoken.wav, atol=1e-6)


def test_of_two_faulty_attempts_the_better_one_stays_and_is_named(
    plain: LiteNetworks, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    monkeypatch.setattr("hiervox.models.tts.hierspeechpp.speaking.RETRY_PAUSE", 60.0)
    pausing(plain, monkeypatch, iter([100, 200]))
    (spoken,) = Speaker(plain).speak(TEXT[2:], voice(1))
    assert spoken.attempts == 2 and spoken.alignment.sum(0).max() < 150
    assert logged and all(line.startswith("'Middling words here.'") for line in logged)
    assert any("pauses for 2." in line for line in logged)
    assert spoken.problems


@pytest.mark.parametrize(("bad", "problem"), [(float("nan"), "NaN"), (0.0, "silent")])
def test_what_is_bad_twice_is_raised_with_its_sentence(
    plain: LiteNetworks, monkeypatch: pytest.MonkeyPatch, bad: float, problem: str
) -> None:
    waveform = plain.synthesizer.generator.waveform
    monkeypatch.setattr(plain.synthesizer.generator, "waveform", lambda x: waveform(x) * bad)
    with pytest.raises(AudioError, match=rf"Short one.*{problem}"):
        list(Speaker(plain).speak(TEXT, voice(1)))
    with pytest.raises(AudioError, match=rf"Short one.*{problem}"):
        list(Speaker(plain).stream(TEXT, voice(1)))


def test_what_is_bad_once_is_said_again(plain: LiteNetworks, monkeypatch: pytest.MonkeyPatch) -> None:
    infer, calls = plain.synthesizer.infer, count()

    def tamper(*given: Tensor) -> Tensor:
        return infer(*given) * (float("nan") if next(calls) == 0 else 1.0)

    monkeypatch.setattr(plain.synthesizer, "infer", tamper)
    first, second = Speaker(plain).speak(TEXT[:2], voice(1))
    assert (first.attempts, second.attempts) == (2, 1)
    assert np.isfinite(first.wav).all()
