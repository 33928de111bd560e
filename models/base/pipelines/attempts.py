"""Token sequences to sound: batches, checks, a second attempt at what is faulty, streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from hiervox.models.base.pipelines.output_checks import Issue, check_durations, check_sound, severity
from hiervox.models.base.pipelines.parts import ControlsT, Item, Synthesizer
from hiervox.models.base.pipelines.speech import Synthesis, concatenated
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import AudioError
from hiervox.utils.logging import get_logger
from hiervox.utils.memory import release_unused_memory

QUOTED_LENGTH = 60
SECOND = 1
"""Number of the attempt after a faulty one."""

_log = get_logger("speech")


def synthesize(
    synthesizer: Synthesizer[ControlsT], items: Sequence[Item], controls: ControlsT, size: int
) -> list[Synthesis]:
    """Token sequences with their voices to sound, those of like lengths together.

    Args:
        synthesizer: of the system.
        items: any number.
        controls: for all of them.
        size: most of them to one pass of the networks.

    Raises:
        AudioError: one came out silent or not finite, twice.
    """
    order = sorted(range(len(items)), key=lambda item: len(items[item][0].tokens))
    done: dict[int, Synthesis] = {}
    for begin in range(0, len(order), size):
        group = order[begin : begin + size]
        batch = _synthesize(synthesizer, [items[item] for item in group], controls)
        done |= zip(group, batch, strict=True)
    return [done[item] for item in range(len(items))]


def _synthesize(
    synthesizer: Synthesizer[ControlsT], items: Sequence[Item], controls: ControlsT
) -> list[Synthesis]:
    """Features first: what is wrong with their durations is known before anything is decoded."""
    voices = {id(sequence): voice for sequence, voice in items}

    def decoded(batch: Sequence[Synthesis]) -> list[Synthesis]:
        wavs = synthesizer.decode(batch, [voices[id(synthesis.sequence)] for synthesis in batch], controls)
        return [replace(synthesis, wav=wav) for synthesis, wav in zip(batch, wavs, strict=True)]

    def again(batch: Sequence[Synthesis]) -> list[Synthesis]:
        second = [(synthesis.sequence, voices[id(synthesis.sequence)]) for synthesis in batch]
        return synthesizer.acoustic(second, controls, SECOND)

    def issues(synthesis: Synthesis) -> list[Issue]:
        return [*duration_issues(synthesis, controls), *_sound_issues(synthesis, synthesizer.rate, controls)]

    features = synthesizer.acoustic(items, controls)
    features = better_of_two(features, again, lambda synthesis: duration_issues(synthesis, controls))
    done = better_of_two(decoded(features), lambda batch: decoded(again(batch)), issues)
    return [
        replace(synthesis, problems=_report(synthesis.sequence, issues(synthesis)), features=None)
        for synthesis in done
    ]


def stream(
    synthesizer: Synthesizer[ControlsT],
    item: Item,
    controls: ControlsT,
    noted: Callable[[Synthesis], None] | None = None,
) -> Iterator[Waveform]:
    """A token sequence with its voice to sound in chunks (T_i,); the second attempt is by durations alone.

    Args:
        synthesizer: of the system.
        item: the sequence and the voice.
        controls: of the system.
        noted: is told the whole when it is there.

    Raises:
        AudioError: it came out silent or not finite.
    """
    features = better_of_two(
        synthesizer.acoustic([item], controls),
        lambda batch: synthesizer.acoustic([item], controls, SECOND),
        lambda synthesis: duration_issues(synthesis, controls),
    )
    chunks = []
    for chunk in synthesizer.decode_stream(features[0], item[1], controls):
        chunks.append(chunk)
        if not np.isfinite(chunk).all():
            break
        yield chunk
    whole = replace(features[0], wav=concatenated(chunks))
    issues = [*duration_issues(whole, controls), *_sound_issues(whole, synthesizer.rate, controls)]
    problems = _report(item[0], issues)
    if noted is not None:
        noted(replace(whole, problems=problems, features=None))
    release_unused_memory()


def duration_issues(synthesis: Synthesis, controls: Any) -> list[Issue]:
    """What is wrong with the durations of a sequence, where they are known."""
    if synthesis.durations is None:
        return []
    return check_durations(
        synthesis.durations, synthesis.sequence.silent, synthesis.frame_rate, _speed(synthesis, controls)
    )


def _sound_issues(synthesis: Synthesis, rate: int, controls: Any) -> list[Issue]:
    scaled = controls.scaling != "none"
    return check_sound(synthesis.wav, rate, _speed(synthesis, controls), scaled=scaled)


def better_of_two(
    first: Sequence[Synthesis],
    again: Callable[[Sequence[Synthesis]], list[Synthesis]],
    issues: Callable[[Synthesis], list[Issue]],
) -> list[Synthesis]:
    """Try once more what has issues and has been tried once; of two faulty ones, the better one stays."""
    best = list(first)
    faulty = [index for index, synthesis in enumerate(best) if synthesis.attempts == 1 and issues(synthesis)]
    if faulty:
        for index, second in zip(faulty, again([best[index] for index in faulty]), strict=True):
            better = min((best[index], second), key=lambda synthesis: severity(issues(synthesis)))
            best[index] = replace(better, attempts=2)
    return best


def _speed(synthesis: Synthesis, controls: Any) -> float:
    return cast(float, getattr(controls, "speed", 1.0)) * synthesis.sequence.mean_rate


def _report(sequence: TokenSequence, issues: Sequence[Issue]) -> tuple[str, ...]:
    """Log what is wrong with a sentence, or raise it."""
    text = " ".join(sequence.text.split())
    quoted = repr(text if len(text) <= QUOTED_LENGTH else text[: QUOTED_LENGTH - 1] + "…")
    for issue in issues:
        if issue.fatal:
            raise AudioError(f"{quoted} {issue.problem}", "use other weights or another prompt")
        _log.warning("%s %s", quoted, issue.problem)
    return tuple(issue.problem for issue in issues)
