"""Voices as a page shows them: on a plane, each to be heard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hiervox.bins.outputs import SUFFIXES
from hiervox.bins.progress import progress
from hiervox.bins.visualization.media import sound_of
from hiervox.models.base.pipelines.bundle import prompts_of
from hiervox.models.base.pipelines.protocols import TextToSpeech, VoiceConversion
from hiervox.models.base.pipelines.trace import Stage, Subject
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_map import map_voices
from hiervox.models.base.pipelines.voice_store import read_record, voice_names, voice_path
from hiervox.utils.errors import ConfigError, HierVoxError

ALL = "all"


def voice_map(pipeline: Any, folder: Path, subject: Subject, asked: Sequence[str]) -> dict[str, Any]:
    """What the page holds of a map: names, places, what the input sounds like in each voice.

    Args:
        pipeline: of text to speech or of conversion.
        folder: of the model.
        subject: what is said in each voice.
        asked: names of voices, recordings, folders of recordings, or `all`.

    Raises:
        ConfigError: fewer than two voices, or voices that no vector tells apart.
        AudioError: a recording can't be a prompt.
    """
    is_text = subject.text is not None
    prompts = _prompts(pipeline, folder, asked)
    voices: dict[str, Voice] = {
        name: pipeline.voice(prompt, for_text=is_text) for name, prompt in prompts.items()
    }
    found = map_voices(voices)
    points = []
    for name, (x, y) in progress(zip(found.names, found.places, strict=True), "voices", len(found.names)):
        spoken = Stage(name, "sound", sound=_spoken(pipeline, subject, voices[name]))
        points.append({"name": name, "x": float(x), "y": float(y), "sound": sound_of(spoken)})
    return {"points": points, "shares": [round(float(share), 3) for share in found.shares]}


def recordings_of(asked: Sequence[str]) -> list[Path]:
    """The recordings that are asked for, those in folders by name."""
    found: list[Path] = []
    for given in map(Path, asked):
        if given.is_dir():
            found += sorted(file for file in given.iterdir() if file.suffix.lower() in SUFFIXES)
        elif given.suffix.lower() in SUFFIXES:
            found.append(given)
    return found


def _prompts(pipeline: Any, folder: Path, asked: Sequence[str]) -> dict[str, str | Path]:
    """Name → what `pipeline.voice` takes."""
    recordings = recordings_of(asked)
    found: dict[str, str | Path] = {file.stem: file for file in recordings}
    if len(found) < len(recordings):
        raise ConfigError("two recordings of --voices have one name", "rename one of them")
    for given in asked:
        if given == ALL:
            known = [*(prompt.stem for prompt in prompts_of(folder)), *pipeline.speakers, *_saved(pipeline)]
            found |= {name: name for name in known}
        elif not Path(given).is_dir() and Path(given) not in recordings:
            found[given] = given
    return found


def _saved(pipeline: Any) -> list[str]:
    """Saved voices of this model."""
    names = []
    for name in voice_names():
        try:
            record = read_record(voice_path(name))
        except HierVoxError:  # `hiervox voice list` tells of it
            continue
        if record.model == pipeline.fingerprint:
            names.append(name)
    return names


def _spoken(pipeline: Any, subject: Subject, voice: Voice) -> tuple[Any, int]:
    """The first sentence of the text, or the recording, in a voice."""
    if subject.text is not None:
        assert isinstance(pipeline, TextToSpeech)
        sentences = pipeline.read(subject.text, subject.controls.language)
        speech = pipeline.tts(sentences[:1], voice, subject.controls)
    else:
        assert isinstance(pipeline, VoiceConversion)
        speech = pipeline.vc(subject.require_recording(), voice, subject.controls)
    return speech.wav, speech.rate
