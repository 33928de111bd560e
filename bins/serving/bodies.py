"""Bodies of requests, read into memory within limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from hiervox.processors.audio import Waveform, decode_audio
from hiervox.utils.errors import ConfigError, shortened

CLOSE = {"Connection": "close"}
"""Header of an answer to a body that was not read."""
JSON_BYTES = 2**20
"""Of a body of JSON."""
BODY_SECONDS = 60.0
"""Until a body is there."""
MOST_FILES, MOST_FIELDS = 8, 32
"""Of a form."""
JSON, FORM = "application/json", "multipart/form-data"


@dataclass(frozen=True)
class Limits:
    """Of uploads.

    Attributes:
        size: of a form with all its files, bytes.
        seconds: of a recording.
    """

    size: int = 32 * 2**20
    seconds: float = 600.0


@dataclass(frozen=True)
class Form:
    """A form.

    Attributes:
        fields: name → text.
        files: field, what the client calls the file, and its content.
    """

    fields: dict[str, str]
    files: list[tuple[str, str, bytes]]

    async def recordings(self, field: str, limits: Limits) -> dict[str, tuple[Waveform, int]]:
        """The files of a field as waveforms (T,) with their rates, by their names.

        Raises:
            AudioError: one can't be read, or is too long.
            ConfigError: two have one name.
        """
        found: dict[str, tuple[Waveform, int]] = {}
        for name, data in [(name, data) for own, name, data in self.files if own == field]:
            if name in found:
                raise ConfigError(f"two files are called {name}", "rename one of them")
            found[name] = await asyncio.to_thread(decode_audio, data, name, limits.seconds)
        return found

    async def recording(self, field: str, limits: Limits) -> tuple[Waveform, int]:
        """The one file of a field.

        Raises:
            AudioError: it can't be read, or is too long.
            ConfigError: there is none, or more than one.
        """
        count = sum(own == field for own, _, _ in self.files)
        if count != 1:
            raise ConfigError(f"the form has {count} files {field!r}", "send one sound file")
        return next(iter((await self.recordings(field, limits)).values()))


def require_type(request: Request, wanted: str) -> None:
    """Refuse a body of another kind.

    Raises:
        HTTPException: it is.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        raise HTTPException(415, f"the body has to be {wanted}", CLOSE)


async def read_body(request: Request, most: int) -> bytes:
    """A request's body; one that says that it is too large is refused before it is read.

    Raises:
        HTTPException: it has more than `most` bytes, or does not come in time.
    """
    large = HTTPException(413, f"the body has more than {most} bytes", CLOSE)
    if int(request.headers.get("content-length", 0)) > most:
        raise large

    async def read() -> bytes:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise large
        return bytes(body)

    try:
        return await asyncio.wait_for(read(), BODY_SECONDS)
    except asyncio.TimeoutError as error:
        raise HTTPException(408, f"the body did not come within {BODY_SECONDS:g} s", CLOSE) from error


async def read_form(request: Request, limits: Limits) -> Form:
    """A multipart form, all of it in memory.

    Raises:
        HTTPException: it is too large, of another kind, or does not come in time.
        ConfigError: it is broken, or has too many fields.
    """
    require_type(request, FORM)
    body = await read_body(request, limits.size)

    async def parts() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, parts(), max_files=MOST_FILES, max_fields=MOST_FIELDS)
    parser.spool_max_size = limits.size + 1  # nothing goes to a disk
    with _told():
        form = await parser.parse()
    fields: dict[str, str] = {}
    files = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files.append((name, _file_name(value.filename), value.file.read()))
        elif name in fields:
            raise ConfigError(f"the form has two fields {shortened(name)}", "send one")
        else:
            fields[name] = value
    await form.close()
    return Form(fields, files)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except MultiPartException as error:
        raise ConfigError("the form can't be read", error.message) from error
    except KeyError as error:  # of starlette, where a header lacks a boundary
        raise ConfigError("the form can't be read", "name its boundary in the header") from error


def _file_name(given: str | None) -> str:
    """What messages call a file: the last part of what the client calls it."""
    return PurePosixPath((given or "").replace("\\", "/")).name or "the recording"
