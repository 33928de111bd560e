"""Sounds and files that the page's players and links ask for, under names that nobody can guess."""

from __future__ import annotations

import asyncio
import html
import io
import secrets
import struct
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, Response, StreamingResponse

from hiervox.bins.serving.encode import pcm_of
from hiervox.processors.audio import Waveform
from hiervox.processors.audio_writing import ENDLESS

ROUTE = "/page"
LIVE_TYPE = "audio/wav"
MOST_FILES = 400
"""Of all pages together; the oldest are forgotten."""
MOST_LIVE = 64


class Live:
    """A sound that is heard while it is made.

    A browser plays what comes when it has so many bytes of it: in two channels of floats they are there four
    times as soon as in one of 16 bits.

    Attributes:
        url: where a player asks for it.
    """

    def __init__(self, url: str, rate: int) -> None:
        self.url = url
        self._parts = [_live_header(rate)]
        self._changed, self._done = asyncio.Event(), False

    def push(self, wav: Waveform) -> None:
        """Take a chunk (T,)."""
        self._parts.append(np.repeat(wav.clip(-1, 1), 2).astype("<f4").tobytes())
        self._changed.set()

    def finish(self) -> None:
        """There is no more."""
        self._done = True
        self._changed.set()

    async def parts(self) -> AsyncIterator[bytes]:
        """All of it from the beginning, and what comes."""
        place = 0
        while True:
            while place < len(self._parts):
                place += 1
                yield self._parts[place - 1]
            if self._done and place == len(self._parts):
                return
            self._changed.clear()
            await self._changed.wait()


def _live_header(rate: int) -> bytes:
    """RIFF header of 32-bit floats in two channels without an end."""
    floats, channels, width = 3, 2, 4
    frame = channels * width
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, floats, channels, rate, rate * frame, frame, 8 * width)
    riff = struct.pack("<4sI4s", b"RIFF", ENDLESS, b"WAVE")
    return riff + layout + struct.pack("<4sI", b"data", ENDLESS)


class Sounds:
    """What pages have made, as files in a folder that goes with the server."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="hiervox-page-")
        self._files: dict[str, Path] = {}
        self._live: dict[str, Live] = {}

    def mount(self, app: FastAPI) -> None:
        """Add the routes of files and live sounds."""

        @app.get(ROUTE + "/files/{token}/{name}")
        async def file(token: str, name: str) -> Response:
            path = self._files.get(token)
            if path is None or path.name != name:
                raise HTTPException(404, "the file is gone")
            return FileResponse(path)

        @app.get(ROUTE + "/live/{token}")
        async def live(token: str) -> Response:
            if token not in self._live:
                raise HTTPException(404, "the sound is gone")
            parts = self._live[token].parts()
            return StreamingResponse(parts, media_type=LIVE_TYPE, headers={"Cache-Control": "no-store"})

    def live(self, rate: int) -> Live:
        """A sound at a rate in Hz that is heard from its first chunk on."""
        token = secrets.token_urlsafe()
        while len(self._live) >= MOST_LIVE:
            del self._live[next(iter(self._live))]
        self._live[token] = Live(f"{ROUTE}/live/{token}", rate)
        return self._live[token]

    def keep(self, name: str, data: bytes | str) -> str:
        """A file under a name; returns where it is asked for."""
        token = secrets.token_urlsafe()
        while len(self._files) >= MOST_FILES:
            old = self._files.pop(next(iter(self._files)))
            old.unlink(missing_ok=True)
            old.parent.rmdir()
        folder = Path(self._folder.name) / token
        folder.mkdir()
        path = folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        self._files[token] = path
        return f"{ROUTE}/files/{token}/{name}"

    def path(self, url: str) -> Path:
        """The file behind what `keep` returned."""
        return self._files[url.split("/")[-2]]

    async def keep_wav(self, name: str, wav: Waveform, rate: int) -> str:
        """A waveform (T,) as a WAV file, written beside what is going on; as `keep`."""
        return self.keep(name, await asyncio.to_thread(_wav_bytes, wav, rate))


def _wav_bytes(wav: Waveform, rate: int) -> bytes:
    """A WAV file of a waveform (T,)."""
    file = io.BytesIO()
    soundfile.write(file, pcm_of(wav), rate, "PCM_16", format="WAV")
    return file.getvalue()


def player(url: str, label: str, autoplay: bool = False, preload: str = "metadata") -> str:
    """HTML that plays a sound."""
    begin = " autoplay" if autoplay else ""
    shown = html.escape(label, quote=True)
    return (
        f'<audio controls{begin} preload="{preload}" aria-label="{shown}" src="{html.escape(url)}"></audio>'
    )


def links(files: Iterable[tuple[str, str]]) -> str:
    """HTML that downloads files: what each is called, and where it is."""
    shown = [f'<a download href="{html.escape(url)}">{html.escape(name)}</a>' for name, url in files]
    return f'<p class="links">{" · ".join(shown)}</p>' if shown else ""
