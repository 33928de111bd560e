"""Sound to be heard at once, where this machine has a player."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.processors.audio import Waveform

Player = Callable[[Iterable["Waveform"], int], None]
"""Plays chunks (T_i,) at a rate in Hz, while they come where it can."""
CARDS = Path("/proc/asound/cards")
"""Linux's list of sound cards."""


def found_player() -> Player | None:
    """The package sounddevice, `aplay` or `afplay`; None where there is none, or nothing to play on."""
    if _has_sounddevice():
        return _by_sounddevice
    if shutil.which("aplay") and CARDS.is_file() and "no soundcards" not in CARDS.read_text():
        return _by_aplay
    return _by_afplay if shutil.which("afplay") else None


def _has_sounddevice() -> bool:
    try:
        import sounddevice

        sounddevice.query_devices(kind="output")
    except Exception:  # not installed, no PortAudio, or no device: all of its own kinds
        return False
    return True


def _by_sounddevice(chunks: Iterable[Waveform], rate: int) -> None:
    import sounddevice

    with sounddevice.OutputStream(rate, channels=1, dtype="float32") as stream:
        for chunk in chunks:
            stream.write(chunk.clip(-1, 1)[:, None])


def _by_aplay(chunks: Iterable[Waveform], rate: int) -> None:
    from hiervox.processors.audio_writing import stream_wav

    with subprocess.Popen(["aplay", "-q", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        try:
            stream_wav(process.stdin, chunks, rate)
            process.stdin.close()
        except BrokenPipeError:  # it says below why it ended
            pass
        said = process.stderr.read().decode(errors="replace")
    _require_played(process.returncode, "aplay", said)


def _by_afplay(chunks: Iterable[Waveform], rate: int) -> None:
    from hiervox.processors.audio_writing import stream_wav

    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        stream_wav(file.file, chunks, rate)
        done = subprocess.run(["afplay", file.name], capture_output=True, text=True)
    _require_played(done.returncode, "afplay", done.stderr)


def _require_played(code: int, name: str, said: str) -> None:
    if code:
        last = (said.strip().splitlines() or [f"it ended with {code}"])[-1]
        raise ConfigError(f"{name} can't play ({last})", "name a file with --out")
