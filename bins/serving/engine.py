"""Models of the server and the one thread that runs their networks.

The unit of work is a chunk of a stream, at most a second of sound. Chunks of all requests wait in one queue,
first come, first served, and a request asks for its next chunk when the last one is sent. So a long text does
not starve short ones, a client that reads slowly holds no memory, and one that is gone asks for nothing more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hiervox.bins.voices import VoiceSpec
from hiervox.models.base.card import SystemCard
from hiervox.models.base.pipelines.bundle import installed_bundles, open_pipeline, prompts_of, resolve_bundle
from hiervox.models.base.pipelines.controls import SpeechControls, controls_of, make_controls
from hiervox.models.base.pipelines.loading import find_system
from hiervox.models.base.pipelines.protocols import TextToSpeech
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_store import voice_names, voice_path
from hiervox.processors.audio import Waveform
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError, HierVoxError

TASK = "tts"
ALIASES = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""OpenAI's names, which clients send by default: the first model."""
MOST_VOICES = 32
"""Encoded voices in memory."""

T = TypeVar("T")


class UnknownModelError(HierVoxError):
    """A model that the server does not have."""


class BusyError(HierVoxError):
    """More requests than the server takes."""


@dataclass
class Model:
    """A model that speaks.

    Attributes:
        name: for clients.
        card: of the system that speaks.
        folder: what its pipeline is opened with.
        bundle: the folder of the model.
    """

    name: str
    card: SystemCard
    folder: Path
    bundle: Path
    pipeline: TextToSpeech[SpeechControls] | None = None
    voices: dict[tuple[object, ...], Voice] = field(default_factory=dict)


@dataclass
class Work:
    """A text that is being spoken.

    Attributes:
        chunks: at `rate`, unscaled.
        rate: Hz.
        tokens: of the text, for the usage.
        begun: when it was asked for, by the monotonic clock.
        waited: seconds until the thread took it up.
        spent: seconds of the thread.
        samples: spoken by now.
    """

    chunks: Iterator[Waveform]
    rate: int
    tokens: int
    begun: float
    waited: float
    spent: float
    samples: int = 0
    open: bool = True


class Engine:
    """The models, by name, and their queue.

    Args:
        names: models by name or folder, the first the default; none for all that are installed.
        device: where the networks run.
        most: requests at once.
    """

    def __init__(self, names: Sequence[str] = (), device: str = "auto", most: int = 64) -> None:
        self.device, self.most, self.in_flight, self.ready = choose_device(device), most, 0, False
        self.models = _models(names)
        self._thread = ThreadPoolExecutor(1, "networks")

    def model(self, name: str) -> Model:
        """A model by name.

        Raises:
            UnknownModelError: there is none.
        """
        if name in ALIASES and name not in self.models:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise UnknownModelError(f"no model {name!r}", f"there are {', '.join(self.models)}")
        return self.models[name]

    def admit(self) -> None:
        """Take a request on; `release` it.

        Raises:
            BusyError: there are `most`.
        """
        if self.in_flight >= self.most:
            raise BusyError(f"{self.in_flight} requests are being answered", "try again later")
        self.in_flight += 1

    def release(self) -> None:
        """A request is done."""
        self.in_flight -= 1

    async def run(self, job: Callable[[], T]) -> T:
        """Do something in the thread of the networks, behind what waits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)

    async def warm(self) -> None:
        """Open the default model and its own voice, where it has one."""
        first = next(iter(self.models.values()))

        def opened() -> None:
            if self._opened(first).own_voice_name:
                self._voice(first, "")

        await self.run(opened)
        self.ready = True

    async def begin(self, name: str, text: str, voice: str, controls: Mapping[str, Any]) -> Work:
        """Read a text and find its voice; nothing is spoken yet.

        Raises:
            UnknownModelError, ConfigError, TextError, AudioError, CheckpointError: it can't be spoken.
        """
        model, asked = self.model(name), time.monotonic()
        made = make_controls(controls_of(model.card) or SpeechControls, controls, model.card.name)
        assert isinstance(made, SpeechControls)

        def prepared() -> Work:
            started = time.monotonic()
            pipeline = self._opened(model)
            pipeline.require(rate=made.rate)
            sequences = pipeline.read(text, made.language)
            chunks = pipeline.tts_stream(sequences, self._voice(model, voice), made)
            tokens = sum(len(sequence.tokens) for sequence in sequences)
            spent = time.monotonic() - started
            return Work(chunks, pipeline.output_rate(made), tokens, asked, started - asked, spent)

        return await self.run(prepared)

    async def chunk(self, work: Work) -> Waveform | None:
        """The next chunk (T,); None behind the last."""

        def spoken() -> Waveform | None:
            started = time.monotonic()
            wav = next(work.chunks, None) if work.open else None
            work.spent += time.monotonic() - started
            return wav

        wav = await self.run(spoken)
        if wav is not None:
            work.samples += wav.size
        return wav

    def close(self, work: Work) -> None:
        """Let go of a text, spoken to its end or not; what of it runs ends with its chunk."""
        work.open = False
        close = getattr(work.chunks, "close", None)
        if close is not None:
            self._thread.submit(close)

    def stop(self) -> None:
        """End the thread when what waits is done."""
        self._thread.shutdown(wait=True)

    async def voices(self, name: str) -> list[str]:
        """Names of the voices that a model can speak in, its own first."""
        model = self.model(name)

        def found() -> list[str]:
            pipeline = self._opened(model)
            saved = [voice for voice in voice_names() if _is_usable(pipeline, voice)]
            bundled = [prompt.stem for prompt in prompts_of(model.bundle)]
            return [voice for voice in dict.fromkeys([pipeline.own_voice_name, *bundled, *saved]) if voice]

        return await self.run(found)

    def _opened(self, model: Model) -> TextToSpeech[SpeechControls]:
        if model.pipeline is None:
            model.pipeline = open_pipeline(model.card, model.folder, self.device)
        assert model.pipeline is not None
        return model.pipeline

    def _voice(self, model: Model, wanted: str) -> Voice:
        """A voice, `NAME:WEIGHT+NAME:WEIGHT`, or the model's own; names alone, never files."""
        spec = VoiceSpec(None, [name.strip() for name in wanted.split("+")] if wanted else None)
        files = [voice_path(name) for name, _ in spec.voices]
        key = (wanted, *(file.stat().st_mtime_ns for file in files if file.is_file()))
        if key not in model.voices:
            if len(model.voices) >= MOST_VOICES:
                del model.voices[next(iter(model.voices))]
            model.voices[key] = spec.voice(self._opened(model))
        return model.voices[key]


def _is_usable(pipeline: TextToSpeech[SpeechControls], name: str) -> bool:
    try:
        pipeline.named_voice(name)
    except HierVoxError:
        return False
    return True


def _models(names: Sequence[str]) -> dict[str, Model]:
    """Name → model; broken and speechless ones among those that are installed are left out."""
    found: dict[str, Model] = {}
    for name in names or ("",):
        folder = resolve_bundle(name or None).resolve()
        card, place = find_system(folder, TASK)
        found[folder.name] = Model(folder.name, card, place, folder)
    for name, folder in ({} if names else installed_bundles()).items():
        if folder.resolve() not in [model.bundle for model in found.values()]:
            try:
                card, place = find_system(folder, TASK)
            except HierVoxError:
                continue
            found[name] = Model(name, card, place, folder)
    if len(found) < len(names):
        raise ConfigError("two models have folders of one name", "rename one of the folders")
    return found
