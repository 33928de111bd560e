"""What the page did, as a command, in Python and over HTTP."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

OPTIONS = ("speed", "semitones", "pitch_range", "seed", "rate", "language", "sentence_pause", "longest_pause")
"""Controls that are options of `hiervox tts` themselves."""
RECORDING = "voice.wav"
"""Stands for a recording that was given."""
SERVER = "http://127.0.0.1:8880"


def as_command(text: str, model: str, voice: str, is_prompted: bool, controls: Mapping[str, Any]) -> str:
    """The same by `hiervox tts`."""
    words = ["hiervox", "tts", text, "--model", model]
    words += ["--prompt", RECORDING] if is_prompted else ["--voice", voice] if voice else []
    for name, value in controls.items():
        option = f"--{name.replace('_', '-')}"
        words += [option, str(value)] if name in OPTIONS else ["--control", f"{name}={value}"]
    return shlex.join([*words, "--scaling", "none", "--out", "out.wav"])


def as_python(text: str, model: str, voice: str, is_prompted: bool, controls: Mapping[str, Any]) -> str:
    """The same in Python."""
    whom = repr(RECORDING if is_prompted else voice) if is_prompted or voice else ""
    given = ", ".join(f"{name}={value!r}" for name, value in {**controls, "scaling": "none"}.items())
    return "\n".join(
        [
            "import hiervox",
            "",
            f"pipeline = hiervox.load({model!r})",
            f"voice = pipeline.voice({whom})",
            f"pipeline.tts({text!r}, voice, pipeline.controls({given})).save('out.wav')",
        ]
    )


def as_curl(text: str, model: str, voice: str, is_prompted: bool, controls: Mapping[str, Any]) -> str:
    """The same by `hiervox serve`, which takes no recordings with a text: their voice has a name there."""
    body: dict[str, Any] = {"model": model, "voice": voice, "input": text, "response_format": "wav"}
    if is_prompted:
        body["voice"] = "NAME"
    if controls:
        body["hiervox"] = {"controls": dict(controls)}
    command = ["curl", "--fail", f"{SERVER}/v1/audio/speech", "--output", "out.wav"]
    words = [
        *command,
        "--header",
        "Content-Type: application/json",
        "--data",
        json.dumps(body, ensure_ascii=False),
    ]
    saved = f"curl --fail {SERVER}/v1/audio/voices --form name=NAME --form file=@{RECORDING}\n"
    return (saved if is_prompted else "") + shlex.join(words)
