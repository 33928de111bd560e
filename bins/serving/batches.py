"""Sentences of several requests in one pass of the networks.

The unit of the queue stays a sentence. When its turn comes, those that wait at the same time for the same
model with the same controls are made with it, the earliest due first; each is there when its own turn comes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.protocols import BatchedSpeech
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.utils.errors import HierVoxError
from hiervox.utils.logging import get_logger

AFTERWARDS = ("rate", "sentence_pause")
"""Controls of what is done to a sentence that was made."""

_log = get_logger("serve")


class SharedText:
    """A text whose sentences share passes; all but `Batches.waiting` is in the thread of the networks.

    Args:
        batches: of the server.
        pipeline: that speaks it.
        items: its sequences with their voices.
        controls: of all of it.
    """

    def __init__(
        self,
        batches: Batches,
        pipeline: BatchedSpeech[Any],
        items: Sequence[tuple[TokenSequence, Voice]],
        controls: SpeechControls,
    ) -> None:
        self.pipeline, self.controls = pipeline, controls
        self._batches, self._left = batches, deque(items)
        self._settings = controls.model_copy(update=dict.fromkeys(AFTERWARDS))
        self._ready: Synthesis | None = None
        self._is_alone = False
        self._owed = 0.0

    @property
    def wanted(self) -> tuple[TokenSequence, Voice] | None:
        """What is to be made next; None where that is there, or is made alone, or there is no more."""
        return self._left[0] if self._left and self._ready is None and not self._is_alone else None

    def fits(self, other: SharedText) -> bool:
        """Whether sentences of two texts can share a pass."""
        return self.pipeline is other.pipeline and self._settings == other._settings

    def made(self, item: tuple[TokenSequence, Voice]) -> Synthesis | None:
        """The next sentence, made with those that wait; None where none does, so that it is made alone."""
        if self.wanted is not None:
            self._batches.make(self)
        self._left.popleft()
        ready, self._ready, self._is_alone = self._ready, None, False
        return ready

    def take(self, sentence: Synthesis | None, seconds: float) -> None:
        """What a pass made of the next sentence, and this text's share of its time.

        Args:
            sentence: None where the pass failed: it is made alone then.
            seconds: less than 0 of the text in whose turn it was made.
        """
        self._ready, self._is_alone = sentence, sentence is None
        self._owed += seconds

    def settled(self) -> float:
        """Seconds of passes that were not counted as this text's yet."""
        owed, self._owed = self._owed, 0.0
        return owed


class Batches:
    """The texts that wait for a sentence."""

    def __init__(self) -> None:
        self._waiting: dict[SharedText, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def waiting(self, text: SharedText | None, due: float) -> Iterator[None]:
        """Let a text wait; it is no more in a batch when its client is gone.

        Args:
            text: None for a sound that shares nothing.
            due: when its sentence would be heard, by the monotonic clock.
        """
        if text is None:
            yield
            return
        with self._lock:
            self._waiting[text] = due
        try:
            yield
        finally:
            with self._lock:
                del self._waiting[text]

    def make(self, text: SharedText) -> None:
        """Make the next sentence of a text with those of others; nothing where it is alone."""
        with self._lock:
            waiting = sorted(self._waiting, key=self._waiting.__getitem__)
        others = [other for other in waiting if other is not text and other.wanted and text.fits(other)]
        group = [text, *others[: text.pipeline.largest_batch - 1]]
        items = [each.wanted for each in group if each.wanted is not None]
        if len(items) == 1:
            return
        begun = time.monotonic()
        try:
            done: Sequence[Synthesis | None] = text.pipeline.synthesize(items, text.controls)
        except (HierVoxError, RuntimeError) as error:  # one is silent, or the memory is too small for all
            _log.warning("%d sentences failed together (%s): each is made alone", len(items), error)
            done = [None] * len(items)
        spent = time.monotonic() - begun
        for each, sentence in zip(group, done, strict=True):
            each.take(sentence, spent / len(group) - (spent if each is text else 0.0))
