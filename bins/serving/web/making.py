"""A sound of the page: made in the server's queue, heard from its first chunk on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from hiervox.bins.serving.answers import Place, status_of
from hiervox.bins.serving.web.parts import Page, Prepare
from hiervox.bins.serving.web.sounds import Live, player
from hiervox.models.base.pipelines.speech import concatenated
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import HierVoxError

SHOWN_SECONDS = 0.5
"""Between two states of progress."""


@dataclass(frozen=True)
class Making:
    """A sound that is being made.

    Attributes:
        said: how far it is.
        live: HTML that plays it; empty where it was told before.
    """

    said: str
    live: str = ""


@dataclass(frozen=True)
class Made:
    """A sound that is there.

    Attributes:
        wav: (T,), at `rate`.
        rate: Hz.
        took: seconds.
    """

    wav: Waveform
    rate: int
    took: float

    @property
    def seconds(self) -> float:
        """Of sound."""
        return self.wav.size / self.rate

    @property
    def said(self) -> str:
        """What is said of it."""
        return f"{self.seconds:.1f} s, made in {self.took:.1f} s"


async def making(
    page: Page, prepared: Callable[[], Awaitable[Prepare]], is_heard: bool = True
) -> AsyncIterator[Making | Made]:
    """The states of a sound, to its end.

    Args:
        page: whose engine makes it.
        prepared: reads what is asked for.
        is_heard: whether it is played while it is made.

    Raises:
        HierVoxError: what is asked for can't be made.
    """
    place: Place | None = None
    live: Live | None = None
    begun = shown = time.monotonic()
    try:
        place = Place(page.engine, page.metrics)
        work, first = await place.begin(await prepared())
        if is_heard:
            live = page.sounds.live(work.sound.rate)
            yield Making(
                "it begins", player(live.url, "Sound while it is made", autoplay=True, preload="auto")
            )
        wavs: list[Waveform] = []
        async for wav in place.chunks(first):
            wavs.append(wav)
            if live is not None:
                live.push(wav)
            if time.monotonic() - shown > SHOWN_SECONDS:
                shown = time.monotonic()
                yield Making(f"{work.seconds:.1f} s are there")
        if live is not None:
            live.finish()
        place.close(200)
        yield Made(concatenated(wavs), work.sound.rate, time.monotonic() - begun)
    except HierVoxError as error:
        if place is not None:
            place.close(status_of(error))
        raise
    finally:
        if live is not None:
            live.finish()
        if place is not None:
            place.close(499)


async def whole(page: Page, prepared: Callable[[], Awaitable[Prepare]]) -> Made:
    """A sound that is not heard while it is made.

    Raises:
        HierVoxError: it can't be made.
    """
    async for step in making(page, prepared, is_heard=False):
        if isinstance(step, Made):
            return step
    raise AssertionError("a sound ends with itself")
