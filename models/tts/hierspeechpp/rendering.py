"""A recording said again, stretch by stretch, and any sound brought to its rate while it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.config import F0_PER_FRAME
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.stretches import Stretch, fade_stretches, plan_stretches
from hiervox.processors.audio import HOP_LENGTH, SAMPLE_RATE, Waveform, pad_to_grid
from hiervox.processors.pitch import Track
from hiervox.utils.errors import AudioError

SAMPLES_PER_F0 = HOP_LENGTH // F0_PER_FRAME


def seen_stretches(networks: Networks, recording: Waveform) -> Iterator[tuple[Stretch, Tensor]]:
    """The stretches of a 16 kHz recording (T,), each with what it looks at, (1, T') on the device.

    The last one's is padded to the grid.
    """
    plan = plan_stretches(recording)
    for stretch in plan:
        seen = recording[stretch.first : stretch.last]
        if stretch is plan[-1]:
            seen = pad_to_grid(seen)
        yield stretch, torch.from_numpy(seen)[None].to(networks.device)


def track_stretches(networks: Networks, recording: Waveform, track: Callable[[Tensor], Track]) -> Track:
    """F0 of a 16 kHz recording (T,), stretch by stretch.

    Args:
        networks: see `seen_stretches`.
        recording: likewise.
        track: what a stretch looks at (1, T') → its F0, a value every `SAMPLES_PER_F0` samples.

    Returns:
        (4 N,) for the N frames of the padded recording.
    """
    tracks = []
    for stretch, seen in seen_stretches(networks, recording):
        begin = (stretch.start - stretch.first) // SAMPLES_PER_F0
        is_last = stretch.stop == recording.size
        end = None if is_last else (stretch.stop - stretch.first) // SAMPLES_PER_F0
        tracks.append(track(seen)[begin:end])
    return np.concatenate(tracks)


def render(
    networks: Networks, recording: Waveform, say: Callable[[Tensor, Stretch], Tensor]
) -> Iterator[Waveform]:
    """Say a 16 kHz recording (T,) again; what the networks need does not grow with it.

    Args:
        networks: see `seen_stretches`.
        recording: likewise.
        say: (what a stretch looks at (1, T'), the stretch) → its sound (1, 1, T') at 16 kHz.

    Returns:
        Waveforms at 16 kHz whose concatenation is the result, unscaled.

    Raises:
        AudioError: the networks made a NaN or an infinity.
    """

    def pieces() -> Iterator[tuple[Stretch, Waveform]]:
        for stretch, seen in seen_stretches(networks, recording):
            sound = say(seen, stretch)
            if not torch.isfinite(sound).all():
                raise AudioError(f"{networks.folder} made a NaN or an infinity", "use other weights")
            yield stretch, sound[0, 0].float().cpu().numpy()

    return fade_stretches(pieces())


def at_rate(networks: Networks, chunks: Iterable[Waveform], rate: int) -> Iterator[Waveform]:
    """Bring a waveform at 16 kHz to `rate` while it comes, (T_i,) each.

    The result is that of super-resolution of the whole, whatever the chunks; what comes out lags behind by
    what the network looks ahead.

    Raises:
        CheckpointError: the bundle has no super-resolution for this rate.
    """
    if rate == SAMPLE_RATE:
        yield from chunks
        return
    stream = networks.upsampler(rate).stream()
    for chunk in chunks:
        raised = stream.push(chunk)
        if raised.size:
            yield raised
    rest = stream.finish()
    if rest.size:
        yield rest
