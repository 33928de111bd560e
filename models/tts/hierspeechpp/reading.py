"""The first half of speaking: an utterance to semantic vectors and pitch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pitch_control import drop_low_pitch, shape_pitch
from hiervox.models.tts.hierspeechpp.pitch_curve import stretch_pitch
from hiervox.models.tts.hierspeechpp.pitch_transfer import bring_pitch
from hiervox.models.tts.hierspeechpp.voice import Voice
from hiervox.processors.pitch import Track
from hiervox.processors.text import TextFrontend, intersperse
from hiervox.processors.text.script import Span, Utterance
from hiervox.processors.text.symbols import SILENT
from hiervox.utils.errors import ConfigError

FRAME_RATE = 50
CALMER_NOISE = 0.5
"""Factor of both deviations of text-to-vec at the second attempt."""
CALMER_PAUSE = 0.4
"""Seconds of each blank and each mark at most, at the second attempt."""


@dataclass(frozen=True)
class Line:
    """An utterance as text-to-vec takes it; all sequences are as long as `tokens`.

    Attributes:
        utterance: what to say.
        voice: in whose voice.
        position: of the utterance in its text; the noise depends on it.
        phonemes: IPA.
        tokens: ids, with blanks between where the model reads such.
        silent: whether a token is a blank or a mark without sound.
        rates, semitones, pitch_ranges: what the markup asks of each token, beside the controls.
        f0: (T,) in Hz, to be stretched to the utterance and to replace what is predicted; None for that.
    """

    utterance: Utterance
    voice: Voice
    position: int
    phonemes: str
    tokens: list[int]
    silent: list[bool]
    rates: list[float]
    semitones: list[float]
    pitch_ranges: list[float]
    f0: Track | None = None

    @property
    def mean_rate(self) -> float:
        """By how much the markup hastens all of it."""
        return len(self.rates) / sum(1 / rate for rate in self.rates)


@dataclass(frozen=True)
class Reading:
    """A line as text-to-vec reads it.

    Attributes:
        line: what was read.
        semantic: (1, C, N), 50 frames/s.
        log_f0: (1, 1, 4 N), log(Hz + 1), 0 where unvoiced.
        alignment: (N, L) of 0 and 1.
        noise: what the rest of the noise comes from.
    """

    line: Line
    semantic: Tensor
    log_f0: Tensor
    alignment: Tensor
    noise: torch.Generator

    @property
    def frames(self) -> int:
        """N."""
        return self.semantic.shape[-1]

    @cached_property
    def durations(self) -> list[int]:
        """Frames of each token."""
        return self.alignment.sum(0).long().tolist()


def prepare_line(
    frontend: TextFrontend, utterance: Utterance, voice: Voice, position: int, blanks: bool
) -> Line:
    """Look up an utterance's symbols, and put blanks between them if the model reads such.

    Raises:
        TextError: nothing in it can be spoken.
    """
    spans = utterance.spans
    texts = [frontend.phonemes(span.text) for span in spans]
    symbols: list[str] = []
    owners: list[Span] = []
    for index, (span, ipa) in enumerate(zip(spans, texts, strict=True)):
        apart = index > 0 and (span.text[:1].isspace() or spans[index - 1].text[-1:].isspace())
        spoken = f" {ipa}" if apart else ipa
        symbols += spoken
        owners += [span] * len(spoken)
    phonemes = "".join(symbols)
    tokens = frontend.tokens(phonemes)
    silent = [symbol in SILENT for symbol in symbols]
    if blanks:
        tokens = intersperse(tokens)
        # a blank belongs to the symbol behind it, the last one to the last symbol
        owners = [owner for owner in owners for _ in range(2)] + owners[-1:]
        silent = [token % 2 == 0 or silent[token // 2] for token in range(len(owners))]
    return Line(
        utterance,
        voice,
        position,
        phonemes,
        tokens,
        silent,
        [span.rate for span in owners],
        [span.semitones for span in owners],
        [span.pitch_range for span in owners],
    )


def noise_for(seed: int, position: int, attempt: int = 0) -> torch.Generator:
    """The noise of one utterance, whatever else is spoken with it.

    Args:
        seed: of the text; itself the seed of the first attempt at the first utterance.
        position: of the utterance in the text.
        attempt: 0, or 1 for the second.
    """
    if (position, attempt) != (0, 0):
        digest = hashlib.sha256(f"{seed} {position} {attempt}".encode()).digest()
        seed = int.from_bytes(digest[:8], "little") >> 1
    return torch.Generator().manual_seed(seed)


@torch.inference_mode()
def read_lines(
    networks: Networks, lines: Sequence[Line], controls: SpeechControls, attempt: int = 0
) -> list[Reading]:
    """Read lines together; each as if it were alone.

    Args:
        networks: with text-to-vec.
        lines: any number but 0.
        controls: for all of them.
        attempt: 0, or 1 for the second, which has other and less noise and shorter pauses.

    Raises:
        CheckpointError: there is no text-to-vec, or its durations are beyond any speech.
        ConfigError: a voice was made without text-to-vec.
    """
    text_to_vec, device = networks.text_to_vec, networks.device
    lengths = [len(line.tokens) for line in lines]

    def padded(rows: Sequence[Sequence[float]], padding: float) -> Tensor:
        longest = max(lengths)
        full = [[*row, *[padding] * (longest - len(row))] for row in rows]
        return torch.tensor(full, device=device).unsqueeze(1)

    noise = [noise_for(controls.seed, line.position, attempt) for line in lines]
    calm = CALMER_NOISE**attempt
    rates = padded([line.rates for line in lines], 1.0) * controls.speed
    read = text_to_vec.infer(
        padded([line.tokens for line in lines], 0).squeeze(1),
        torch.tensor(lengths, device=device),
        torch.stack([_style(line.voice) for line in lines]).to(device),
        noise_scale=controls.noise_scale_ttv * calm,
        duration_noise_scale=controls.duration_noise_scale * calm,
        length_scale=1 / rates,
        generator=noise,
        longest=_longest(padded([line.silent for line in lines], False), controls, attempt),
    )
    pitch_ratio = read.log_f0.shape[-1] // read.semantic.shape[-1]
    readings = []
    for item, (line, frames) in enumerate(zip(lines, read.frame_lengths.tolist(), strict=True)):
        alignment = read.alignment[item, :frames, : lengths[item]]
        log_f0 = drop_low_pitch(read.log_f0[[item], :, : pitch_ratio * frames])
        if text_to_vec.config.prompt_pitch:
            log_f0 = bring_pitch(log_f0, line.voice.pitch)
        log_f0 = _pitch(line, log_f0, alignment, controls)
        readings.append(Reading(line, read.semantic[[item], :, :frames], log_f0, alignment, noise[item]))
    return readings


def _pitch(line: Line, log_f0: Tensor, alignment: Tensor, controls: SpeechControls) -> Tensor:
    """Predicted log-F0 (1, 1, 4 N), or the line's own curve, as its markup and the controls want it."""
    if line.f0 is not None:
        curve = torch.from_numpy(stretch_pitch(line.f0, log_f0.shape[-1]))
        log_f0 = drop_low_pitch(curve.log1p().to(log_f0).view_as(log_f0))
    semitones = [controls.semitones + own for own in line.semitones]
    ranges = [controls.pitch_range * own for own in line.pitch_ranges]
    if not any(semitones) and set(ranges) == {1.0}:
        return log_f0
    by_token = torch.tensor([semitones, ranges], device=log_f0.device)
    by_frame = by_token @ alignment.T
    by_value = by_frame.repeat_interleave(log_f0.shape[-1] // len(alignment), dim=1)
    return shape_pitch(log_f0, by_value[0], by_value[1])


def _style(voice: Voice) -> Tensor:
    if voice.text_to_vec_style is None:
        raise ConfigError(
            "the voice was made with a model that reads no text", "make it again with this model"
        )
    return voice.text_to_vec_style


def _longest(silent: Tensor, controls: SpeechControls, attempt: int) -> Tensor | None:
    """Most frames of each token (B, 1, L), of which `silent` says which are blanks and marks."""
    limits = [controls.longest_pause or torch.inf, CALMER_PAUSE if attempt else torch.inf]
    if min(limits) == torch.inf:
        return None
    return torch.where(silent, float(math.ceil(min(limits) * FRAME_RATE)), torch.inf)
