"""What a model computes on its way to sound, stage by stage, for a page that shows it (`hiervox visualize`).

A pipeline gives a trace with a method `trace` (`protocols.Traced`), or its task does for all of its pipelines
(`Task.trace`). Samplers need nothing of their own: `sampling_stages` hears every step of any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hiervox.modules.diffusion.trajectory import Trajectory, given_states, recorded_trajectories
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.spectrogram import SpectrogramConfig, mel_frequencies
from hiervox.utils.errors import AudioError, ConfigError

Kind = Literal["text", "sound", "mel", "matrix", "curve", "alignment", "codes"]
"""How a stage is drawn: its spectrogram where it is nothing but sound; "text" is not drawn."""
RECORDING = "recording"
"""The name of a stage that the last one is to equal: what is made again."""
Sound = tuple[Waveform, int]
"""A waveform (T,) and its rate in Hz."""


@dataclass(frozen=True)
class Stage:
    """One thing that a model computes.

    Attributes:
        name: in the field's terms.
        kind: see `Kind`.
        array: "mel" and "matrix": (C, N), frames to the right; "curve": (N,) Hz, 0 where unvoiced;
            "alignment": (N, L), frames to tokens; "codes": (Q, N), tokens of codebooks; None of others.
        seconds: that the frames of `array` last.
        bin_hz: (C,) of a "mel".
        decibels: of a unit of a "mel".
        symbols: of the tokens of an "alignment".
        sound: what it sounds like; None where it can't be heard.
        series: stages of one series are steps of a slider.
        note: a sentence on it.
    """

    name: str
    kind: Kind
    array: NDArray[Any] | None = field(default=None, repr=False)
    seconds: float = 0.0
    bin_hz: NDArray[np.float64] | None = field(default=None, repr=False)
    decibels: float = 1.0
    symbols: Sequence[str] = ()
    sound: Sound | None = field(default=None, repr=False)
    series: str = ""
    note: str = ""


@dataclass(frozen=True)
class Subject:
    """What is traced.

    Attributes:
        text: what goes in; None where that is a recording.
        recording: the same.
        voice: of a system that has voices.
        controls: of the system.
        most_steps: of a series.
    """

    text: str | None = None
    recording: Sound | None = None
    voice: Any = None
    controls: Any = None
    most_steps: int = 12

    def require_text(self) -> str:
        """The text.

        Raises:
            ConfigError: a recording goes in.
        """
        if self.text is None:
            raise ConfigError("the model takes a text, not a recording", "give a text in its place")
        return self.text

    def require_recording(self) -> Sound:
        """The recording.

        Raises:
            ConfigError: a text goes in.
        """
        if self.recording is None:
            raise ConfigError("the model takes a recording, not a text", "name a sound file in its place")
        return self.recording


def chosen_steps(count: int, most: int) -> list[int]:
    """Numbers of steps, 0 to `count`, as even as whole numbers can stand; both ends are among them."""
    if count < most:
        return list(range(count + 1))
    return sorted({round(number * count / (most - 1)) for number in range(most)})


def sampling_stages(make: Callable[[], Sound], most_steps: int) -> Iterator[Stage]:
    """Every step of the samplers behind a sound, then the sound itself.

    To hear a step, the sound is made once more with the state after that step in place of the last one, so
    that whatever follows the sampler in a system decodes it.

    Args:
        make: the sound; the same at every call.
        most_steps: of each sampler.
    """
    with recorded_trajectories() as trajectories:
        sound = make()
    for name, calls in _by_sampler(trajectories).items():
        count = min(len(trajectories[call].states) for call in calls) - 1
        chosen = chosen_steps(count, most_steps)
        several = f"; {len(chosen)} of them are shown" if len(chosen) <= count else ""
        note = f"The state of the sampler after each of its {count} steps, from noise on{several}."
        for step in chosen:
            stage = Stage(f"step {step} of {count}", "sound", series=name, note=note)
            if step == count:
                yield replace(stage, sound=sound)
                continue
            states = _states_of_step(trajectories, calls, step)
            try:  # with noise as a spectrogram, a vocoder may refuse it
                with given_states(states):
                    stage = replace(stage, sound=make())
            except AudioError as error:
                stage = replace(stage, note=f"{note} Step {step} can't be heard: {error.problem}.")
            yield stage
    yield Stage("result", "sound", sound=sound)


def mel_stage(name: str, mel: NDArray[Any], config: SpectrogramConfig) -> Stage:
    """A log-mel spectrogram (M, N)."""
    seconds = mel.shape[1] / config.frame_rate
    return Stage(
        name,
        "mel",
        np.asarray(mel, np.float32),
        seconds,
        np.asarray(mel_frequencies(config)),
        config.decibels,
    )


def difference_stage(name: str, after: Sound, before: Sound, note: str) -> Stage:
    """What is in a sound and not in another: their difference (T,) at the first one's rate."""
    (wav, rate), (other, other_rate) = after, before
    resampled = resample(other, other_rate, rate)
    samples = min(wav.size, resampled.size)
    return Stage(name, "sound", sound=(wav[:samples] - resampled[:samples], rate), note=note)


def _by_sampler(trajectories: Sequence[Trajectory]) -> dict[str, list[int]]:
    """Name of a sampler, with the channels of its states where there are several, → numbers of its calls."""
    found: dict[str, list[int]] = {}
    for call, each in enumerate(trajectories):
        state = each.states[0]
        channels = f" of {state.shape[-2]} channels" if state.dim() > 2 else ""
        found.setdefault(f"{each.name}{channels}", []).append(call)
    return found


def _states_of_step(
    trajectories: Sequence[Trajectory], calls: Sequence[int], step: int
) -> list[Tensor | None]:
    """What each call of a sampler is given: those before have their ends, those that follow sample anew."""
    return [
        each.states[step] if call in calls else each.states[-1] if call < calls[0] else None
        for call, each in enumerate(trajectories)
    ]
