"""Files at URLs (`s3://`, `gs://`, `hf://`, …) and in folders alike: the one place that knows fsspec.

Whatever fails for a while (a cut connection, a slow answer, a 500, too few bytes) is tried again; what fails
for good is one line.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hiervox.utils.errors import ConfigError, DataError, DependencyError, reason
from hiervox.utils.logging import get_logger

TRIES = 6
FIRST_WAIT = 0.5
"""Seconds before the second try; each further wait is twice as long, and up to half of it longer."""
CONNECT_SECONDS, READ_SECONDS = 10, 60
"""Of one request to S3, after which it is tried again."""
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub"}
"""Scheme → the package that reads it. Others are whatever fsspec finds installed."""

HOME_VARIABLE = "HIERVOX_HOME"

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(?=[^/])")
_log = get_logger("storage")
ResultT = TypeVar("ResultT")


def hiervox_home() -> Path:
    """Where a user's models, voices and copies are: $HIERVOX_HOME, by default `~/.cache/hiervox`."""
    return Path(os.environ.get(HOME_VARIABLE) or "~/.cache/hiervox").expanduser()


def url_of(path: Path | str) -> str | None:
    """The URL that a path is meant as, None of a plain path.

    `pathlib` folds the two slashes of a URL into one; here they come back: `Path("s3://bucket/corpus")` is
    `s3:/bucket/corpus`, and stands for `s3://bucket/corpus`.
    """
    match = _URL.match(str(path))
    if match is None or match[1] == "file":
        return None
    return f"{match[1]}://{str(path)[match.end() :]}"


@dataclass(frozen=True)
class Stored:
    """What a storage says of a file.

    Attributes:
        bytes: its length.
        version: differs once the file was written anew.
    """

    bytes: int
    version: str


class Storage:
    """The files below a URL, or in a folder.

    Args:
        root: the URL or the folder.
        tries: how often a request is made before it has failed.

    Raises:
        DependencyError: the package that reads such URLs is not installed.
        ConfigError: there is no such kind of URL.
    """

    def __init__(self, root: Path | str, tries: int = TRIES) -> None:
        self.url = url_of(root)
        self.root = self.url or str(Path(root).expanduser().resolve())
        self.tries = tries

    def __str__(self) -> str:
        return self.root

    def path(self, name: str) -> str:
        """Whole name of a file, for messages."""
        return f"{self.root.rstrip('/')}/{name}" if name else self.root

    def read(self, name: str, start: int | None = None, end: int | None = None) -> bytes:
        """A file, or its bytes from `start` up to `end`.

        Raises:
            DataError: it is missing, shorter than `end`, or can't be read after all tries.
        """

        def fetch() -> bytes:
            file_system, path = self._open(name)
            data: bytes = file_system.cat_file(path, start=start, end=end)
            if start is not None and end is not None and len(data) != end - start:
                raise EOFError(f"{len(data)} of {end - start} bytes came")
            return data

        return self._tried(fetch, "read", name)

    def write(self, name: str, file: Path) -> None:
        """Copy a local file there; it is whole, or not there.

        Raises:
            DataError: it can't be written after all tries.
        """
        size = file.stat().st_size

        def send() -> None:
            file_system, path = self._open(name)
            if self.url is None:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                partial = f"{path}.part"
                file_system.put_file(str(file), partial)
                Path(partial).replace(path)
            else:
                file_system.put_file(str(file), path)
            file_system.invalidate_cache()
            if (found := int(file_system.size(path))) != size:
                raise EOFError(f"{found} of {size} bytes arrived")

        self._tried(send, "write", name)

    def fetch(self, name: str, file: Path) -> None:
        """Copy a file from there into a local one, block by block.

        Raises:
            DataError: it is missing, cut short, or can't be read after all tries.
        """

        def receive() -> None:
            file_system, path = self._open(name)
            file_system.invalidate_cache()
            size = int(file_system.size(path))
            file_system.get_file(path, str(file))
            if (found := file.stat().st_size) != size:
                raise EOFError(f"{found} of {size} bytes came")

        self._tried(receive, "read", name)

    def remove(self, name: str) -> None:
        """Remove a file; nothing where there is none.

        Raises:
            DataError: it can't be removed after all tries.
        """

        def drop() -> None:
            file_system, path = self._open(name)
            with suppress(FileNotFoundError):
                file_system.rm_file(path)
            file_system.invalidate_cache()

        self._tried(drop, "remove", name)

    def files(self) -> dict[str, Stored]:
        """All files below, by their names relative to the root; none where there is no such place.

        Raises:
            DataError: they can't be listed after all tries.
        """

        def listing() -> dict[str, Stored]:
            file_system, path = self._open("")
            file_system.invalidate_cache()
            found = file_system.find(path, detail=True)
            start = f"{path.rstrip('/')}/"
            return {
                name.removeprefix(start): Stored(int(entry["size"] or 0), _version(entry))
                for name, entry in sorted(found.items())
                if name.startswith(start) and not name.endswith("/")
            }

        return self._tried(listing, "list", "")

    def size(self, name: str) -> int | None:
        """Bytes of a file; None where there is none.

        Raises:
            DataError: nothing can be told after all tries.
        """

        def look() -> int | None:
            file_system, path = self._open(name)
            file_system.invalidate_cache()
            try:
                return int(file_system.size(path))
            except FileNotFoundError:
                return None

        return self._tried(look, "find", name)

    def names(self) -> list[str]:
        """Names of the files right below, sorted; none where there is no such place.

        Raises:
            DataError: they can't be listed after all tries.
        """

        def listing() -> list[str]:
            file_system, path = self._open("")
            file_system.invalidate_cache()
            try:
                entries = file_system.ls(path, detail=True)
            except FileNotFoundError:
                return []
            return sorted(Path(entry["name"]).name for entry in entries if entry["type"] == "file")

        return self._tried(listing, "list", "")

    def _open(self, name: str) -> tuple[Any, str]:
        """The file system and the file's path in it; made anew in a process that was forked."""
        import fsspec

        scheme = "file" if self.url is None else self.url.partition(":")[0]
        package = PACKAGES.get(scheme)
        if package is not None and importlib.util.find_spec(package) is None:
            extra = "hiervox[cloud]" if package == "s3fs" else package
            raise DependencyError(f"{self.root} needs {package}", f"pip install '{extra}'")
        try:
            file_system, path = fsspec.url_to_fs(self.path(name), **_options(scheme))
        except (ValueError, ImportError) as error:
            raise ConfigError(
                f"{self.root} can't be opened ({reason(error)})", "name a folder or a URL that fsspec knows"
            ) from error
        if scheme == "s3":
            file_system.retries = 1  # tries are counted here
        return file_system, str(path)

    def _tried(self, action: Callable[[], ResultT], verb: str, name: str) -> ResultT:
        """What `action` returns, as soon as it does not fail.

        Raises:
            DataError: it fails for good: at once where trying again can't help, else after all tries.
        """
        wait = FIRST_WAIT
        for tried in range(1, self.tries + 1):
            try:
                return action()
            except (ConfigError, DependencyError):
                raise
            except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
                raise DataError(f"can't {verb} {self.path(name)} ({reason(error)})", _hint(error)) from error
            except Exception as error:  # of fsspec, botocore, aiohttp, …: they share no base
                if _is_refused(error) or tried == self.tries:
                    raise DataError(
                        f"can't {verb} {self.path(name)} ({reason(error)}; tried {tried} times)", _hint(error)
                    ) from error
                _log.info("can't %s %s (%s); trying again", verb, self.path(name), reason(error))
                time.sleep(wait * random.uniform(1, 1.5))
                wait *= 2
        raise AssertionError("a try returns or raises")


def _version(entry: dict[str, Any]) -> str:
    """Of a file as fsspec lists it: a checksum where the storage has one, else when it was written."""
    for key in ("ETag", "etag", "md5Hash", "blob_id", "LastModified", "mtime", "created"):
        if entry.get(key):
            return str(entry[key]).strip('"')
    return ""


def _options(scheme: str) -> dict[str, Any]:
    """Time limits of a request."""
    if scheme != "s3":
        return {}
    limits = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"max_attempts": 1},
    }
    return {"config_kwargs": limits, "use_listings_cache": False}


def _is_refused(error: Exception) -> bool:
    """Credentials are missing or wrong: the next try would fare the same."""
    return type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError")


def _hint(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "correct the path"
    if isinstance(error, PermissionError) or _is_refused(error):
        return "check the credentials"
    return "check the network, and run it again"
