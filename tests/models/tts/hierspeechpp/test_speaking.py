"""Tests of `hiervox.models.tts.hierspeechpp.speaking`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp import speaking, windowed
from hiervox.models.tts.hierspeechpp.checks import Fault
from hiervox.models.tts.hierspeechpp.config import SpectralGeneratorSizes
from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.models.tts.hierspeechpp.joining import join
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.reading import Reading, noise_for
from hiervox.models.tts.hierspeechpp.speaking import Speaker, Spoken, pauses_between
from hiervox.models.tts.hierspeechpp.voice import Voice
from hiervox.modules.generators.spectral_generator import SpectralGenerator
from hiervox.processors.audio import Waveform
from hiervox.processors.text.script import Span, Utterance
from hiervox.utils.errors import AudioError, ConfigError, TextError
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

CONTROLS = SpeechControls(sentence_pause=0.1)
TEXT = [
    Utterance((Span("Short one."),)),
    Utterance((Span("A rather longer sentence, "), Span("slow at its end.", rate=0.6)), pause_after=0.3),
    Utterance((Span("Middling words here."),)),
]


def make_networks(folder: object) -> Networks:
    """Whose durations are those of speech, so that nothing is said twice."""
    networks = Networks.load(write_tiny_bundle(folder))  # type: ignore[arg-type]
    torch.nn.init.constant_(networks.text_to_vec.duration_predictor.flow.offset, -1.0)
    return networks


@pytest.fixture(scope="module", params=["amp", "istft"])
def networks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Networks:
    networks = make_networks(tmp_path_factory.mktemp("bundle") / "tiny")
    if request.param == "istft":
        torch.manual_seed(0)
        sizes = SpectralGeneratorSizes(frame_channels=8, source_block_channels=8, source_blocks=2)
        config = networks.synthesizer.config.model_copy(update={"generator": sizes})
        networks.synthesizer = HierarchicalSynthesizer(config).eval()
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
def plain(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    """Networks of its own, to be tampered with."""
    return make_networks(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(
        speaking._log, "warning", lambda message, *values: lines.append(message % values), raising=True
    )
    assert isinstance(speaking._log, logging.Logger)
    return lines


def voice(seed: int) -> Voice:
    noise = torch.Generator().manual_seed(seed)
    return Voice(torch.randn(8, 1, generator=noise), torch.randn(8, 1, generator=noise), None, 0.5, "tiny")


def assert_same(one: Spoken, other: Spoken) -> None:
    np.testing.assert_allclose(one.wav, other.wav, atol=1e-5, rtol=0)
    np.testing.assert_allclose(one.f0, other.f0, atol=1e-2, rtol=0)
    np.testing.assert_array_equal(one.alignment, other.alignment)
    assert one.phonemes == other.phonemes and one.attempts == other.attempts


@pytest.mark.parametrize("size", [1, 2, 16])
def test_a_batch_of_lengths_and_voices_is_its_items(
    networks: Networks, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking, "CPU_BATCH", size)
    monkeypatch.setattr(windowed, "CPU_PASSES", size)
    speaker, voices = Speaker(networks), [voice(1), voice(2), voice(3)]
    items = [*zip(TEXT, voices, strict=True), (TEXT[1], voices[0])]
    together = speaker.batch(items, CONTROLS, [0, 1, 2, 1])
    assert len({one.wav.size for one in together}) > 2
    for one, (utterance, own), position in zip(together, items, [0, 1, 2, 1], strict=True):
        alone = list(speaker.speak(TEXT, own, CONTROLS))[position]
        assert one.utterance is utterance and one.wav.std() > 1e-3
        assert one.wav.size == 320 * one.alignment.shape[0] == 80 * one.f0.size
        assert_same(one, alone)
        assert one.attempts == 1
    one, other = together[1].wav, together[3].wav
    assert one.shape != other.shape or np.abs(one - other).max() > 2e-4  # two voices, one text


def test_a_second_attempt_does_not_depend_on_its_batch_either(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault_of_some(reading: Reading, controls: SpeechControls) -> list[Fault]:
        first = reading.noise.initial_seed() == noise_for(CONTROLS.seed, 1).initial_seed()
        return [Fault("limps", 2.0)] if first else []

    monkeypatch.setattr(speaking, "_reading_faults", fault_of_some)
    monkeypatch.setattr(speaking, "CPU_BATCH", 16)
    together = Speaker(networks).batch([(one, voice(1)) for one in TEXT], CONTROLS, range(3))
    assert [one.attempts for one in together] == [1, 2, 1]
    for one, alone in zip(together, Speaker(networks).speak(TEXT, voice(1), CONTROLS), strict=True):
        assert_same(one, alone)


def test_each_text_of_a_batch_starts_at_position_0(networks: Networks) -> None:
    speaker = Speaker(networks)
    one, two = speaker.batch([(TEXT[0], voice(1)), (TEXT[0], voice(1))], CONTROLS)
    (alone,) = speaker.speak(TEXT[:1], voice(1), CONTROLS)
    assert_same(one, alone)
    assert_same(two, alone)
    (elsewhere,) = speaker.batch([(TEXT[0], voice(1))], CONTROLS, [4])
    assert elsewhere.wav.shape != alone.wav.shape or np.abs(elsewhere.wav - alone.wav).max() > 1e-3


def laid_out(spoken: list[Spoken]) -> Waveform:
    pauses = pauses_between([one.utterance for one in spoken], CONTROLS.sentence_pause)
    return np.concatenate(list(join([[one.wav] for one in spoken], pauses, 16_000)))


def test_a_stream_is_the_whole_text(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed, "STREAM_TRUNK_WINDOW", 20)
    speaker = Speaker(networks)
    chunks = list(speaker.stream(TEXT, voice(1), CONTROLS))
    whole = laid_out(list(speaker.speak(TEXT, voice(1), CONTROLS)))
    assert len(chunks) > 8 and chunks[0].size <= 80 * windowed.FIRST_CHUNK
    np.testing.assert_allclose(np.concatenate(chunks), whole, atol=1e-6, rtol=0)


def test_a_stream_of_one_utterance_is_neither_trimmed_nor_faded(networks: Networks) -> None:
    speaker = Speaker(networks)
    wav = np.concatenate(list(speaker.stream(TEXT[1:2], voice(1), CONTROLS)))
    (spoken,) = speaker.speak(TEXT[1:2], voice(1), CONTROLS)
    np.testing.assert_allclose(wav[:-4800], spoken.wav, atol=1e-6, rtol=0)
    assert not wav[-4800:].any()  # the pause that it asks for


def test_speaking_waits_for_nobody(plain: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()
    read = speaking.read_lines
    monkeypatch.setattr(speaking, "read_lines", lambda *given, **more: (next(calls), read(*given, **more))[1])
    chunks = Speaker(plain).stream(TEXT, voice(1), CONTROLS)
    next(chunks)
    assert next(calls) == 1  # only the first sentence has been read


def test_pauses_are_the_utterances_own_or_by_ending() -> None:
    assert pauses_between(TEXT, 0.1) == [0.1, 0.3, 0.0]
    assert pauses_between(TEXT[:2], 0.1) == [0.1, 0.3]


def test_an_unspeakable_utterance_stops_everything_before_it_begins(plain: Networks) -> None:
    with pytest.raises(TextError):
        Speaker(plain).speak([*TEXT, Utterance((Span("..."),))], voice(1), CONTROLS)
    assert "synthesizer" not in vars(plain)


def test_one_curve_for_several_utterances_is_refused(plain: Networks) -> None:
    with pytest.raises(ConfigError, match="curve"):
        Speaker(plain).speak(TEXT, voice(1), CONTROLS, np.full(100, 200, np.float32))


def pausing(plain: Networks, monkeypatch: pytest.MonkeyPatch, attempts: Iterator[float]) -> None:
    """At each reading, so many frames are added to the blank in the middle of a sentence."""
    sample = plain.text_to_vec.duration_predictor.sample

    def tamper(hidden: Tensor, *rest: object) -> Tensor:
        durations = sample(hidden, *rest).exp()  # type: ignore[arg-type]
        durations[..., durations.shape[-1] // 4 * 2] += next(attempts)
        return durations.log()

    monkeypatch.setattr(plain.text_to_vec.duration_predictor, "sample", tamper)


def test_a_faulty_reading_is_read_once_more(
    plain: Networks, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    pausing(plain, monkeypatch, iter([100, 0, 100, 0]))
    (spoken,) = Speaker(plain).speak(TEXT[2:], voice(1), CONTROLS)
    assert spoken.attempts == 2 and spoken.problems == () and logged == []
    streamed = np.concatenate(list(Speaker(plain).stream(TEXT[2:], voice(1), CONTROLS)))
    np.testing.assert_allclose(streamed, spoken.wav, atol=1e-6)


def test_of_two_faulty_attempts_the_better_one_stays_and_is_named(
    plain: Networks, monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    monkeypatch.setattr("hiervox.models.tts.hierspeechpp.reading.CALMER_PAUSE", 60.0)
    pausing(plain, monkeypatch, iter([100, 200]))
    (spoken,) = Speaker(plain).speak(TEXT[2:], voice(1), CONTROLS)
    assert spoken.attempts == 2 and spoken.alignment.sum(0).max() < 150
    assert logged and all(line.startswith("'Middling words here.'") for line in logged)
    assert any("pauses for 2." in line for line in logged)
    assert spoken.problems


@pytest.mark.parametrize(("bad", "problem"), [(float("nan"), "NaN"), (0.0, "silent")])
def test_what_is_bad_twice_is_raised_with_its_sentence(
    plain: Networks, monkeypatch: pytest.MonkeyPatch, bad: float, problem: str
) -> None:
    wave = plain.synthesizer.generator.wave
    monkeypatch.setattr(plain.synthesizer.generator, "wave", lambda x: wave(x) * bad)
    with pytest.raises(AudioError, match=rf"Short one.*{problem}"):
        list(Speaker(plain).speak(TEXT, voice(1), CONTROLS))
    with pytest.raises(AudioError, match=rf"Short one.*{problem}"):
        list(Speaker(plain).stream(TEXT, voice(1), CONTROLS))


def test_what_is_bad_once_is_said_again(plain: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, calls = plain.synthesizer.sound, count()

    def tamper(*given: Tensor) -> Tensor:
        return sound(*given) * (float("nan") if next(calls) == 0 else 1.0)

    monkeypatch.setattr(plain.synthesizer, "sound", tamper)
    first, second = Speaker(plain).speak(TEXT[:2], voice(1), CONTROLS)
    assert (first.attempts, second.attempts) == (2, 1)
    assert np.isfinite(first.wav).all()
