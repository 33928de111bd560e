"""Models of the server and the one thread that runs their networks.

The unit of work is a chunk of a stream, at most a second of sound where a system streams. Chunks of all
requests wait in one queue, and a request asks for its next chunk when the last one is sent. The first in the
queue is what would be heard first, were every sound played from its request on: so a long text does not
starve short ones, nor do new requests starve begun ones. A client that reads slowly holds no memory, and one
that is gone asks for nothing more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hiervox.bins.serving.batches import Batches, SharedText
from hiervox.bins.serving.worker import Worker
from hiervox.bins.voices import VoiceSpec
from hiervox.models.base.card import SystemCard
from hiervox.models.base.hub.names import hub_name
from hiervox.models.base.pipelines.bundle import installed_bundles, open_pipeline, prompts_of, resolve_bundle
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.loading import find_system
from hiervox.models.base.pipelines.precision import require_precision
from hiervox.models.base.pipelines.protocols import (
    BatchedSpeech,
    Enhancement,
    SuperResolution,
    TextToSpeech,
    VoiceConversion,
)
from hiervox.models.base.pipelines.speech_pipeline import CPU_BATCH, GPU_BATCH
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_store import voice_names, voice_path
from hiervox.models.base.tasks import TASKS, task_names
from hiervox.processors.audio import Waveform
from hiervox.utils.device import choose_device
from hiervox.utils.errors import CheckpointError, ConfigError, HierVoxError
from hiervox.utils.registry import resolve

SERVED = (TextToSpeech, VoiceConversion, Enhancement, SuperResolution)
"""Protocols that have a route."""
ALIASES = ("", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""OpenAI's names, which clients send by default, and none: the first model."""
WARM_TEXT = "12."
"""Spoken before the first request, in any language."""
MOST_VOICES = 32
"""Encoded voices of a model in memory."""

T = TypeVar("T")


class MissingError(HierVoxError):
    """A model or a voice that the server does not have."""


class BusyError(HierVoxError):
    """More requests than the server takes."""


@dataclass
class Model:
    """A model that serves a task.

    Attributes:
        name: for clients.
        folder: of its bundle.
        systems: task → card of the system that serves it, and what its pipeline is opened with.
        voices: encoded ones.
    """

    name: str
    folder: Path
    systems: dict[str, tuple[SystemCard, Path]]
    voices: dict[tuple[object, ...], Voice] = field(default_factory=dict)

    def task(self, protocol: type) -> str | None:
        """The first task of a protocol that it serves; None where it serves none."""
        return next((task for task in tasks_of(protocol) if task in self.systems), None)


@dataclass(frozen=True)
class Sound:
    """What a request asks for, ready to be made.

    Attributes:
        chunks: (T_i,) each, at `rate`, unscaled.
        rate: Hz.
        tokens: of the text, for the usage.
        times: of sentences whose sound is among the chunks that were taken, as they come.
        shared: the text, where its sentences share passes with those of others.
    """

    chunks: Iterator[Waveform]
    rate: int
    tokens: int = 0
    times: list[dict[str, Any]] = field(default_factory=list)
    shared: SharedText | None = None


@dataclass
class Work:
    """A sound that is being made.

    Attributes:
        sound: what is made.
        begun: when it was asked for or would be heard, by the monotonic clock.
        waited: seconds until the thread took it up.
        spent: seconds of the thread.
        samples: made by now.
    """

    sound: Sound
    begun: float
    waited: float
    spent: float
    samples: int = 0
    open: bool = True

    @property
    def seconds(self) -> float:
        """Of sound, made by now."""
        return self.samples / self.sound.rate

    @property
    def due(self) -> float:
        """When the next chunk would be heard, were it played from the request on."""
        return self.begun + self.seconds


class Engine:
    """The models, by name, and their queue.

    Args:
        names: models by name or folder, the first the default; none for all that are installed.
        device: where the networks run.
        most: requests at once.
        batch: sentences of several requests to one pass of the networks; None for what suits the device.
        precision: in which they compute, see `hiervox.load`; systems that can't, in float32.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        device: str = "auto",
        most: int = 64,
        batch: int | None = None,
        precision: str = "float32",
    ) -> None:
        self.device, self.most, self.in_flight, self.ready = choose_device(device), most, 0, False
        self.batch = batch or (CPU_BATCH if self.device.type == "cpu" else GPU_BATCH)
        require_precision(precision, self.device)
        self.precision, self.models, self.batches = precision, _models(names), Batches()
        self._pipelines: dict[tuple[str, Path], Any] = {}
        self._thread = Worker("networks")

    def model(self, name: str) -> Model:
        """A model by name.

        Raises:
            MissingError: there is none.
        """
        if name in ALIASES and name not in self.models:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise MissingError(f"no model {name!r}", f"there are {', '.join(self.models)}")
        return self.models[name]

    def serving(self, name: str, protocol: type, task: str = "") -> tuple[Model, str]:
        """A model by name, and the task that it is asked for.

        Args:
            name: empty for the first that serves the task.
            protocol: of the route.
            task: one of its tasks; empty for the first that the model serves.

        Raises:
            MissingError: there is no such model or task, or the model does not serve it.
        """
        tasks = [task] if task else tasks_of(protocol)
        if task and task not in tasks_of(protocol):
            raise MissingError(f"no task {task!r} here", f"there are {', '.join(tasks_of(protocol))}")
        able = [model for model in self.models.values() if any(task in model.systems for task in tasks)]
        is_open = name in ALIASES and name not in self.models
        model = able[0] if is_open and able else self.model(name)
        if model not in able:
            others = ", ".join(other.name for other in able) or "none"
            raise MissingError(f"{model.name} does not serve {' or '.join(tasks)}", f"those do: {others}")
        return model, next(task for task in tasks if task in model.systems)

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

    async def run(self, job: Callable[[], T], due: float | None = None) -> T:
        """Do something in the thread of the networks, behind what is due before.

        Args:
            job: what to do.
            due: by the monotonic clock; None for now.
        """
        return await asyncio.wrap_future(self._thread.submit(job, time.monotonic() if due is None else due))

    async def warm(self) -> None:
        """Open the default model and its own voice, where it has one, and speak, which prepares kernels."""
        first = next(iter(self.models.values()))
        task = first.task(TextToSpeech) or first.task(VoiceConversion) or next(iter(first.systems))

        def opened() -> None:
            pipeline = self.opened(first, task)
            if getattr(pipeline, "own_voice_name", ""):
                voice = self.voice(first, task, "")
                if first.task(TextToSpeech):
                    with suppress(HierVoxError):  # a language without digits
                        list(pipeline.tts_stream(WARM_TEXT, voice))

        await self.run(opened)
        self.ready = True

    async def begin(self, prepare: Callable[[], Sound], due: float | None = None) -> Work:
        """Get ready in the thread of the networks; nothing is made yet.

        Where sentences share passes, all are read before one is made, so that those asked for at once meet.

        Args:
            prepare: what to do there.
            due: when the sound would be heard, by the monotonic clock; None for now.

        Raises:
            HierVoxError: what `prepare` raises.
        """
        asked = time.monotonic()
        begun = asked if due is None else due

        def prepared() -> Work:
            started = time.monotonic()
            sound = prepare()
            return Work(sound, begun, started - asked, time.monotonic() - started)

        return await self.run(prepared, 0.0 if self.batch > 1 else begun)

    async def chunk(self, work: Work) -> Waveform | None:
        """The next chunk (T,); None behind the last."""
        shared = work.sound.shared

        def made() -> Waveform | None:
            started = time.monotonic()
            wav = next(work.sound.chunks, None) if work.open else None
            work.spent += time.monotonic() - started + (shared.settled() if shared else 0.0)
            return wav

        with self.batches.waiting(shared, work.due):
            wav = await self.run(made, work.due)
        if wav is not None:
            work.samples += wav.size
        return wav

    def close(self, work: Work) -> None:
        """Let go of a sound, made to its end or not; what of it runs ends with its chunk."""
        work.open = False
        close = getattr(work.sound.chunks, "close", None)
        if close is not None and self._thread.is_open:
            self._thread.submit(close, work.due)

    def stop(self) -> None:
        """End the thread when what waits is done."""
        self._thread.stop()

    # in the thread of the networks

    def opened(self, model: Model, task: str) -> Any:
        """The pipeline of a model for one of its tasks.

        Raises:
            CheckpointError: a checkpoint is missing or broken.
        """
        return self.opened_system(*model.systems[task])

    def opened_system(self, card: SystemCard, folder: Path) -> Any:
        """The pipeline of a system, opened once."""
        key = (card.name, folder)
        if key not in self._pipelines:
            pipeline = self._pipelines[key] = open_pipeline(
                card, folder, self.device, None if card.float32_only else self.precision
            )
            if isinstance(pipeline, BatchedSpeech):
                pipeline.batch_size = self.batch
        return self._pipelines[key]

    def shared(
        self, pipeline: Any, sequences: Sequence[TokenSequence], voice: Voice, controls: SpeechControls
    ) -> SharedText | None:
        """A text that a pipeline speaks, to share passes; None where it can't.

        Raises:
            ConfigError: it names a voice that there is not.
        """
        if self.batch == 1 or not isinstance(pipeline, BatchedSpeech) or pipeline.largest_batch == 1:
            return None
        return SharedText(self.batches, pipeline, pipeline.items(sequences, voice), controls)

    def voice(self, model: Model, task: str, wanted: str, for_text: bool = True) -> Voice:
        """A voice, `NAME:WEIGHT+NAME:WEIGHT`, or the model's own for an empty name; names alone, never files.

        Raises:
            ConfigError: there is none of this name.
        """
        spec = VoiceSpec(None, [name.strip() for name in wanted.split("+")] if wanted else None)
        files = [voice_path(name) for name, _ in spec.voices]
        key = (task, for_text, wanted, *(file.stat().st_mtime_ns for file in files if file.is_file()))
        if key not in model.voices:
            if len(model.voices) >= MOST_VOICES:
                del model.voices[next(iter(model.voices))]
            model.voices[key] = spec.voice(self.opened(model, task), for_text)
        return model.voices[key]

    def voice_names(self, model: Model, task: str) -> list[str]:
        """Names of the voices that a model can speak in, its own first."""
        pipeline = self.opened(model, task)
        saved = [voice for voice in voice_names() if _is_usable(pipeline, voice)]
        bundled = [prompt.stem for prompt in prompts_of(model.folder)]
        named = dict.fromkeys([pipeline.own_voice_name, *bundled, *pipeline.speakers, *saved])
        return [voice for voice in named if voice]


def tasks_of(protocol: type) -> list[str]:
    """The registered tasks whose pipelines implement a protocol, by rank."""
    return [name for name in task_names() if resolve(TASKS[name].protocol) is protocol]


def _is_usable(pipeline: Any, name: str) -> bool:
    try:
        pipeline.named_voice(name)
    except HierVoxError:
        return False
    return True


def _models(names: Sequence[str]) -> dict[str, Model]:
    """Name → model; of those that are installed, ones that serve no task here are left out."""
    found: dict[str, Model] = {}
    for name in names or ("",):
        folder = resolve_bundle(name or None).resolve()
        systems = _systems(folder)
        if not systems:
            raise CheckpointError(
                f"{folder} serves none of {', '.join(_served_tasks())}", "name another --model"
            )
        on_hub = hub_name(name)
        called = folder.name if on_hub is None else on_hub.repo
        found[called] = Model(called, folder, systems)
    for name, folder in ({} if names else installed_bundles()).items():
        if folder.resolve() not in [model.folder for model in found.values()]:
            systems = _systems(folder)
            if systems:
                found[name] = Model(name, folder, systems)
    if len(found) < len(names):
        raise ConfigError("two models have folders of one name", "rename one of the folders")
    return found


def _served_tasks() -> list[str]:
    return [task for protocol in SERVED for task in tasks_of(protocol)]


def _systems(folder: Path) -> dict[str, tuple[SystemCard, Path]]:
    systems = {}
    for task in _served_tasks():
        try:
            systems[task] = find_system(folder, task)
        except HierVoxError:
            continue
    return systems
