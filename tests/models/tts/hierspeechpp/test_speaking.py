"""Tests of `hiervox.models.tts.hierspeechpp.speaking` and of token sequences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for, token_sequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.lite.parts import LiteNetworks
from hiervox.models.tts.hierspeechpp.lite.pipeline import LiteSpeechSynthesizer
from hiervox.processors.text import TextConfig, build_frontend
from hiervox.processors.text.script import Span, Utterance
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

STILL = HierSpeechControls(duration_noise_scale=0.0, noise_scale_ttv=0.0)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> LiteNetworks:
    """Whose text-to-vec hums every sound for some frames, as voiced as can be."""
    networks = LiteNetworks.load(write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny"))
    text_to_vec = networks.text_to_vec
    torch.nn.init.constant_(text_to_vec.duration_predictor.flow.offset, -1.5)
    predict = text_to_vec.pitch_predictor.forward
    text_to_vec.pitch_predictor.forward = (  # type: ignore[method-assign]
        lambda semantic, mask, style: (
            (5 + 0.3 * torch.tanh(predict(semantic, mask, style))) * mask.repeat_interleave(4, dim=2)
        )
    )
    return networks


def voice(seed: int = 0) -> Voice:
    noise = torch.Generator().manual_seed(seed)
    styles = [torch.randn(8, 1, generator=noise) for _ in range(2)]
    return Voice({"text_to_vec": styles[0], "synthesizer": styles[1]}, "tiny", 0.5)


def sequence(*spans: Span, position: int = 0, blanks: bool = True) -> TokenSequence:
    return token_sequence(build_frontend(TextConfig()), Utterance(spans), position, blanks)


def line(networks: LiteNetworks, *spans: Span, position: int = 0, seed: int = 0) -> Item:
    return sequence(*spans, position=position), voice(seed)


def read_lines(
    networks: LiteNetworks, items: list[Item], controls: HierSpeechControls, attempt: int = 0
) -> list[Synthesis]:
    return LiteSpeechSynthesizer(networks).acoustic(items, controls, attempt)


def heights(log_f0: torch.Tensor) -> torch.Tensor:
    """log F0 of the voiced values."""
    return log_f0[log_f0 > 0].expm1().log()


def test_a_sequence_says_of_each_token_whose_it_is_and_whether_it_sounds() -> None:
    made = sequence(Span("Go "), Span("slow", rate=0.5, semitones=2.0, pitch_range=0.0))
    assert made.phonemes == "ɡˈoʊ slˈoʊ"
    assert len(made.tokens) == len(made.rates) == len(made.silent) == 2 * len(made.phonemes) + 1
    assert made.rates == [1.0] * 8 + [0.5] * 13  # blanks go with what stands behind them
    assert made.semitones[:8] == [0.0] * 8 and set(made.semitones[8:]) == {2.0}
    assert [made.phonemes[i] for i in range(10) if not made.silent[2 * i + 1]] == list("ɡoʊsloʊ")
    assert all(made.silent[::2]) and made.tokens[::2] == [0] * 11
    assert 0.5 < made.mean_rate < 1.0


def test_a_sequence_without_blanks_is_its_symbols() -> None:
    made = sequence(Span("Go "), Span("slow", rate=0.5), blanks=False)
    assert made.tokens == sequence(Span("Go "), Span("slow", rate=0.5)).tokens[1::2]
    assert len(made.tokens) == len(made.rates) == len(made.silent) == len(made.phonemes)
    assert made.rates == [1.0] * 4 + [0.5] * 6
    sounding = [symbol for symbol, silent in zip(made.phonemes, made.silent, strict=True) if not silent]
    assert sounding == list("ɡoʊsloʊ")


def test_a_model_that_asks_for_it_speaks_at_the_prompts_pitch(
    networks: LiteNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = line(networks, Span("A rather longer sentence."))
    (own,) = read_lines(networks, [made], STILL)
    made = made[0], replace(made[1], pitch=PitchStatistics(mean=300.0, standard_deviation=20.0))
    (unmoved,) = read_lines(networks, [made], STILL)
    assert torch.equal(unmoved.features.log_f0, own.features.log_f0)
    config = networks.text_to_vec.config.model_copy(update={"prompt_pitch": True})
    monkeypatch.setattr(networks.text_to_vec, "config", config)
    (brought,) = read_lines(networks, [made], STILL)
    assert float(heights(brought.features.log_f0).exp().mean()) == pytest.approx(300, rel=0.02)
    assert float(heights(own.features.log_f0).exp().mean()) < 250


def test_noise_depends_on_seed_position_and_attempt_alone() -> None:
    states = {noise_for(*key).get_state().numpy().tobytes() for key in [(1, 0), (2, 0), (1, 1), (1, 0, 1)]}
    assert len(states) == 4
    assert torch.equal(noise_for(7, 3).get_state(), noise_for(7, 3).get_state())
    assert noise_for(7, 0).initial_seed() == 7


def test_lines_of_different_lengths_and_voices_read_as_each_does_alone(networks: LiteNetworks) -> None:
    lines = [
        line(networks, Span("A rather longer sentence, with a pause."), position=3, seed=1),
        line(networks, Span("Short."), seed=2),
        line(networks, Span("Middling words."), position=1, seed=3),
    ]
    together = read_lines(networks, lines, HierSpeechControls())
    for one, reading in zip(lines, together, strict=True):
        (alone,) = read_lines(networks, [one], HierSpeechControls())
        assert reading.durations == alone.durations
        torch.testing.assert_close(reading.features.semantic, alone.features.semantic, atol=1e-5, rtol=0)
        torch.testing.assert_close(reading.features.log_f0, alone.features.log_f0, atol=1e-5, rtol=0)
        assert torch.equal(reading.noise.get_state(), alone.noise.get_state())


def test_speed_and_markup_stretch_what_they_should(networks: LiteNetworks) -> None:
    plain = line(networks, Span("One two three "), Span("four five six."))
    slower = line(networks, Span("One two three "), Span("four five six.", rate=0.5))
    (at_one,) = read_lines(networks, [plain], STILL)
    (at_half,) = read_lines(networks, [plain], HierSpeechControls(**{**STILL.model_dump(), "speed": 0.5}))
    (half_slow,) = read_lines(networks, [slower], STILL)
    assert sum(at_half.durations) / sum(at_one.durations) == pytest.approx(2, rel=0.15)
    first = slower[0].rates.count(1.0)
    assert half_slow.durations[:first] == at_one.durations[:first]
    assert half_slow.durations[first:] == at_half.durations[first:]


def test_pitch_moves_by_semitones_where_asked_for_and_nowhere_else(networks: LiteNetworks) -> None:
    spans = Span("One two three "), Span("four five six.", semitones=12.0)
    (plain,) = read_lines(networks, [line(networks, spans[0], Span(spans[1].text))], STILL)
    (raised,) = read_lines(networks, [line(networks, *spans)], STILL)
    first = 4 * sum(raised.durations[: raised.sequence.semitones.count(0.0)])
    torch.testing.assert_close(raised.features.log_f0[..., :first], plain.features.log_f0[..., :first])
    ratio = raised.features.log_f0[..., first:].expm1() / plain.features.log_f0[..., first:].expm1()
    torch.testing.assert_close(ratio, torch.full_like(ratio, 2.0), atol=1e-3, rtol=0)
    (all_raised,) = read_lines(
        networks, [(plain.sequence, voice())], HierSpeechControls(**{**STILL.model_dump(), "semitones": 12.0})
    )
    torch.testing.assert_close(all_raised.features.log_f0[..., first:], raised.features.log_f0[..., first:])


def test_pitch_range_scales_the_distance_from_the_mean(networks: LiteNetworks) -> None:
    words = "One two three four."
    (plain,) = read_lines(networks, [line(networks, Span(words))], STILL)
    (wide,) = read_lines(networks, [line(networks, Span(words, pitch_range=2.0))], STILL)
    (flat,) = read_lines(networks, [line(networks, Span(words, pitch_range=0.0))], STILL)
    assert heights(plain.features.log_f0).std() > 0.005
    assert heights(wide.features.log_f0).std() == pytest.approx(
        2 * float(heights(plain.features.log_f0).std()), rel=1e-3
    )
    assert heights(wide.features.log_f0).mean() == pytest.approx(
        float(heights(plain.features.log_f0).mean()), abs=1e-4
    )
    assert heights(flat.features.log_f0).std() < 1e-4


def test_pauses_have_a_limit_if_asked_for_and_at_the_second_attempt(networks: LiteNetworks) -> None:
    made = line(networks, Span("One, two."))
    slow = HierSpeechControls(**{**STILL.model_dump(), "speed": 0.1})
    limited = HierSpeechControls(**{**slow.model_dump(), "longest_pause": 0.1})
    (free,) = read_lines(networks, [made], slow)
    (held,) = read_lines(networks, [made], limited)
    (second,) = read_lines(networks, [made], slow, attempt=1)

    def longest(durations: list[int], silent: bool) -> int:
        return max(
            frames for frames, is_silent in zip(durations, made[0].silent, strict=True) if is_silent is silent
        )

    assert longest(free.durations, True) > 20
    assert longest(held.durations, True) == 5 and longest(second.durations, True) == 20
    assert longest(held.durations, False) == longest(free.durations, False) > 20


def test_a_given_curve_replaces_the_predicted_pitch(networks: LiteNetworks) -> None:
    made = line(networks, Span("One two."))
    curve = np.array([0, 100, 200], np.float32)
    with_curve = replace(made[0], f0=curve), made[1]
    (reading,) = read_lines(networks, [with_curve], STILL)
    f0 = reading.features.log_f0[0, 0].expm1()
    assert f0[0] == 0 and f0[-1] == pytest.approx(200, rel=1e-4)


def test_a_voice_that_reads_no_text_is_refused(networks: LiteNetworks) -> None:
    made = line(networks, Span("One."))
    mute = Voice({"synthesizer": made[1].tensors["synthesizer"]}, "tiny")
    with pytest.raises(ConfigError, match="reads no text"):
        read_lines(networks, [(made[0], mute)], STILL)
