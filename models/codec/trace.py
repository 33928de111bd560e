"""What `hiervox visualize` shows of a codec."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate

from hiervox.models.base.pipelines.protocols import Codec, ScaledCodec, VoicedCodec
from hiervox.models.base.pipelines.trace import (
    RECORDING,
    Sound,
    Stage,
    Subject,
    chosen_steps,
    difference_stage,
)
from hiervox.processors.audio import Waveform

BOOKS, ATTRIBUTES = "codebooks", "attributes"
BOOKS_NOTE = "Decoded from the first codebooks alone: what each one adds can be heard step by step."
ATTRIBUTES_NOTE = "Decoded from the tokens of the first attributes alone."


def trace(pipeline: Codec, subject: Subject) -> Iterator[Stage]:
    """A recording: its tokens, what more and more codebooks decode to, and what the last step lacks."""
    wav, rate = subject.require_recording()
    yield Stage(RECORDING, "sound", sound=(wav, rate))
    if isinstance(pipeline, VoicedCodec):
        codes, timbre = pipeline.encode_voiced(wav, rate)
    else:
        codes, timbre = pipeline.encode(wav, rate), None
    yield Stage("tokens", "codes", codes, wav.size / rate, note=f"Of {pipeline.codebook_size} values each.")
    if isinstance(pipeline, VoicedCodec) and timbre is not None:
        yield from _by_attribute(pipeline, wav, rate)
    for books in [step + 1 for step in chosen_steps(len(codes) - 1, subject.most_steps)]:
        kilobits = books * pipeline.frame_rate * math.log2(pipeline.codebook_size) / 1000
        sound = _decoded(pipeline, wav, rate, books)
        name = f"{books} of {len(codes)}, {kilobits:.3g} kbit/s"
        yield Stage(name, "sound", sound=sound, series=BOOKS, note=BOOKS_NOTE)
    yield Stage("result", "sound", sound=sound)
    yield difference_stage("error", sound, (wav, rate), "The result without the recording.")


def _decoded(pipeline: Codec, wav: Waveform, rate: int, books: int) -> Sound:
    """What the first codebooks decode to."""
    if isinstance(pipeline, ScaledCodec):
        return pipeline.decode_scaled(*pipeline.encode_scaled(wav, rate, books)), pipeline.rate
    if isinstance(pipeline, VoicedCodec):
        return pipeline.decode_voiced(*pipeline.encode_voiced(wav, rate, books)), pipeline.rate
    return pipeline.decode(pipeline.encode(wav, rate, books)), pipeline.rate


def _by_attribute(pipeline: VoicedCodec, wav: Waveform, rate: int) -> Iterator[Stage]:
    """What the attributes decode to, one more at each step."""
    codes, timbre = pipeline.encode_voiced(wav, rate)
    for names in accumulate(([name] for name in pipeline.attributes), lambda some, more: [*some, *more]):
        sound = pipeline.decode_voiced(codes, timbre, names), pipeline.rate
        yield Stage(" + ".join(names), "sound", sound=sound, series=ATTRIBUTES, note=ATTRIBUTES_NOTE)
