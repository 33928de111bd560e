"""Utterances to sound: one by one, in batches, or chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hiervox.models.tts.hierspeechpp.checks import Fault, badness, check_durations, check_sound
from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.models.tts.hierspeechpp.joining import default_pause, join, silence
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.reading import FRAME_RATE, Line, Reading, prepare_line, read_lines
from hiervox.models.tts.hierspeechpp.voice import Voice
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.generators.source_generator import SourceGenerator
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.processors.pitch import Track
from hiervox.processors.text.script import Utterance
from hiervox.utils.errors import AudioError, ConfigError
from hiervox.utils.logging import get_logger

CPU_BATCH, GPU_BATCH = 1, 16
"""Utterances to one pass of the networks; on a CPU more of them gain nothing (docs/benchmarks.md)."""
QUOTED_LENGTH = 60

_log = get_logger("hierspeechpp")


@dataclass(frozen=True)
class Spoken:
    """An utterance, spoken.

    Attributes:
        utterance: what was said.
        phonemes: its IPA.
        wav: (320 N,) at 16 kHz, as the generator made it: neither scaled nor trimmed.
        f0: (4 N,) in Hz at 200 frames/s, 0 where unvoiced: what the synthesizer was given.
        semantic: (C, N), 50 frames/s: likewise.
        alignment: (N, L) of 0 and 1, frames to tokens and the blanks between, if any.
        attempts: 1, or 2 where the first was faulty.
        problems: what is still wrong with it, as it was logged.
    """

    utterance: Utterance
    phonemes: str
    wav: Waveform
    f0: Track
    semantic: NDArray[np.float32]
    alignment: NDArray[np.float32]
    attempts: int
    problems: tuple[str, ...]


class Speaker:
    """Speaks utterances with the networks of a bundle.

    What an utterance sounds like depends on itself, its voice, the controls and its position in its text
    alone: the noise is seeded with them, and no network lets the items of a batch, or what pads them, see
    each other. Whatever fails a check (see `checks`) is said once more with other noise, less of it for
    text-to-vec, and shorter pauses; of two faulty attempts the better one stays, and a logged line names the
    sentence.

    Args:
        networks: with text-to-vec.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def speak(
        self,
        utterances: Sequence[Utterance],
        voice: Voice,
        controls: SpeechControls,
        f0: Track | None = None,
    ) -> Iterator[Spoken]:
        """Speak a text, one utterance after the other.

        Args:
            utterances: of one text, in order.
            voice: of a prompt.
            controls: all but `rate`, `scaling` and `sentence_pause`, which concern what is made of it.
            f0: (T,) in Hz at 200 Hz, what replaces the predicted pitch of a text's only utterance.

        Raises:
            TextError: an utterance holds nothing that can be spoken; none is spoken then.
            AudioError: an utterance came out silent or not finite, twice.
            ConfigError: an F0 curve for several utterances.
            CheckpointError, ConfigError, DependencyError: the bundle lacks or contradicts what is asked for.
        """
        lines = self._text(utterances, voice, controls)
        if f0 is not None:
            if len(lines) > 1:
                raise ConfigError(
                    f"one F0 curve, and the text has {len(lines)} sentences", "give one sentence at a time"
                )
            lines = [replace(line, f0=f0) for line in lines]
        return (spoken for line in lines for spoken in self._speak([line], controls))

    def batch(
        self,
        items: Sequence[tuple[Utterance, Voice]],
        controls: SpeechControls,
        positions: Sequence[int] | None = None,
    ) -> list[Spoken]:
        """Speak utterances together; each sounds as `speak` has it, within 1e-4 of full scale.

        Args:
            items: any number of utterances with their voices.
            controls: for all of them.
            positions: of each utterance in its own text; None where each is a text.

        Raises:
            As `speak`.
        """
        lines = self._lines(items, positions or [0] * len(items), controls)
        # those of like lengths together, so that little is padding
        order = sorted(range(len(lines)), key=lambda item: len(lines[item].tokens))
        spoken: dict[int, Spoken] = {}
        size = self._batch_size()
        for begin in range(0, len(order), size):
            group = order[begin : begin + size]
            spoken |= zip(group, self._speak([lines[item] for item in group], controls), strict=True)
        return [spoken[item] for item in range(len(lines))]

    def stream(
        self, utterances: Sequence[Utterance], voice: Voice, controls: SpeechControls
    ) -> Iterator[Waveform]:
        """Speak a text chunk by chunk: `speak`, joined, as soon as it is there.

        A text of one utterance is neither trimmed nor faded.

        Text-to-vec, prior and flows read an utterance as a whole; source network and generator come in
        chunks, the first of 0.2 s. The durations are checked before anything sounds, so that a faulty
        reading is read again; what is wrong with the sound alone can only be logged, or raised where it is
        silent or not finite.

        Args:
            utterances, voice, controls: as for `speak`.

        Returns:
            Chunks (T_i,) at 16 kHz, as the generator made them: a stream does not know its peak.

        Raises:
            As `speak`.
        """
        lines = self._text(utterances, voice, controls)
        pauses = pauses_between(utterances, controls.sentence_pause)
        if len(lines) == 1:
            return chain(self._stream_line(lines[0], controls), silence(pauses[0], SAMPLE_RATE))
        return join((self._stream_line(line, controls) for line in lines), pauses, SAMPLE_RATE)

    def _batch_size(self) -> int:
        if not isinstance(self.networks.synthesizer.generator, SourceGenerator):
            # the phases of the light generator add up the last bits of F0, which depend on the batch
            return 1
        return CPU_BATCH if self.networks.device.type == "cpu" else GPU_BATCH

    def _text(self, utterances: Sequence[Utterance], voice: Voice, controls: SpeechControls) -> list[Line]:
        return self._lines([(utterance, voice) for utterance in utterances], range(len(utterances)), controls)

    def _lines(
        self, items: Sequence[tuple[Utterance, Voice]], positions: Sequence[int], controls: SpeechControls
    ) -> list[Line]:
        frontend = self.networks.frontend(controls.language)
        blanks = self.networks.text_to_vec.config.blanks
        return [
            prepare_line(frontend, utterance, voice, position, blanks)
            for (utterance, voice), position in zip(items, positions, strict=True)
        ]

    def _speak(self, lines: Sequence[Line], controls: SpeechControls) -> list[Spoken]:
        attempts = self._sound(self._read(lines, controls), controls)
        again = [index for index, attempt in enumerate(attempts) if attempt.faults and attempt.number == 1]
        if again:
            readings = read_lines(self.networks, [lines[index] for index in again], controls, attempt=1)
            second = self._sound([(reading, 2) for reading in readings], controls)
            for index, attempt in zip(again, second, strict=True):
                better = min(attempts[index], attempt, key=lambda one: badness(one.faults))
                attempts[index] = replace(better, number=2)
        return [_spoken(attempt) for attempt in attempts]

    def _read(self, lines: Sequence[Line], controls: SpeechControls) -> list[tuple[Reading, int]]:
        """Readings and at which attempt; what is faulty is read twice, and the better one stays."""
        readings = read_lines(self.networks, lines, controls)
        again = [index for index, reading in enumerate(readings) if _reading_faults(reading, controls)]
        numbered = [(reading, 1) for reading in readings]
        if again:
            second = read_lines(self.networks, [lines[index] for index in again], controls, attempt=1)
            for index, reading in zip(again, second, strict=True):
                both = (readings[index], reading)
                numbered[index] = min(both, key=lambda one: badness(_reading_faults(one, controls))), 2
        return numbered

    @torch.inference_mode()
    def _sound(self, readings: Sequence[tuple[Reading, int]], controls: SpeechControls) -> list[_Attempt]:
        synthesizer = self.networks.synthesizer
        z, style, mask = self._latent([reading for reading, _ in readings], controls)
        pitch = _stack([reading.log_f0 for reading, _ in readings])
        wavs = synthesizer.sound(z, style, mask, pitch).float().cpu().numpy()
        attempts = []
        for (reading, number), wav in zip(readings, wavs, strict=True):
            own = wav[0, : synthesizer.config.hop_length * reading.frames].copy()
            faults = check_sound(own, SAMPLE_RATE, _speed(reading.line, controls))
            attempts.append(_Attempt(reading, number, own, [*_reading_faults(reading, controls), *faults]))
        return attempts

    def _latent(self, readings: Sequence[Reading], controls: SpeechControls) -> tuple[Tensor, Tensor, Tensor]:
        """Acoustic latent (B, C, N), style (B, S, 1) and mask (B, 1, N)."""
        device = self.networks.device
        style = torch.stack([reading.line.voice.synthesizer_style for reading in readings]).to(device)
        mask = sequence_mask(torch.tensor([reading.frames for reading in readings], device=device))
        z = self.networks.synthesizer.latent(
            _stack([reading.semantic for reading in readings]),
            _stack([reading.log_f0 for reading in readings]),
            style,
            mask,
            controls.noise_scale,
            [reading.noise for reading in readings],
        )
        return z, style, mask

    @torch.inference_mode()
    def _stream_line(self, line: Line, controls: SpeechControls) -> Iterator[Waveform]:
        ((reading, _),) = self._read([line], controls)
        z, style, _ = self._latent([reading], controls)
        chunks = []
        for chunk in self.networks.synthesizer.stream_sound(z, style, reading.log_f0):
            chunks.append(chunk[0, 0].float().cpu().numpy())
            if not np.isfinite(chunks[-1]).all():
                break
            yield chunks[-1]
        faults = check_sound(np.concatenate(chunks), SAMPLE_RATE, _speed(line, controls))
        _tell(line, [*_reading_faults(reading, controls), *faults])


@dataclass(frozen=True)
class _Attempt:
    """A reading with its waveform (T,)."""

    reading: Reading
    number: int
    wav: Waveform
    faults: list[Fault]


def pauses_between(utterances: Sequence[Utterance], sentence_pause: float | None = None) -> list[float]:
    """Seconds of silence behind each utterance: its own or its ending's; behind the last only its own."""
    own = [utterance.pause_after for utterance in utterances]
    pauses = [
        default_pause(utterance.text, sentence_pause) if pause is None else pause
        for utterance, pause in zip(utterances, own, strict=True)
    ]
    return [*pauses[:-1], own[-1] or 0.0]


def _speed(line: Line, controls: SpeechControls) -> float:
    return controls.speed * line.mean_rate


def _reading_faults(reading: Reading, controls: SpeechControls) -> list[Fault]:
    speed = _speed(reading.line, controls)
    return check_durations(reading.durations, reading.line.silent, FRAME_RATE, speed)


def _tell(line: Line, faults: Sequence[Fault]) -> tuple[str, ...]:
    """Log what is wrong with an utterance, or raise it."""
    text = " ".join(line.utterance.text.split())
    quoted = repr(text if len(text) <= QUOTED_LENGTH else text[: QUOTED_LENGTH - 1] + "…")
    for fault in faults:
        if fault.fatal:
            raise AudioError(f"{quoted} {fault.problem}", "use other weights or another prompt")
        _log.warning("%s %s", quoted, fault.problem)
    return tuple(fault.problem for fault in faults)


def _spoken(attempt: _Attempt) -> Spoken:
    reading = attempt.reading
    return Spoken(
        reading.line.utterance,
        reading.line.phonemes,
        attempt.wav,
        reading.log_f0[0, 0].expm1().float().cpu().numpy(),
        reading.semantic[0].float().cpu().numpy(),
        reading.alignment.float().cpu().numpy(),
        attempt.number,
        _tell(reading.line, attempt.faults),
    )


def _stack(items: Sequence[Tensor]) -> Tensor:
    """(1, C, T_i) each → (B, C, T), zero-padded."""
    longest = max(item.shape[-1] for item in items)
    return torch.cat([functional.pad(item, (0, longest - item.shape[-1])) for item in items])
