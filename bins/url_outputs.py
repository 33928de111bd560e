"""Verbs whose outputs may be URLs: options that name outputs, and what is printed of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from hiervox.utils.errors import ConfigError
from hiervox.utils.storage import url_of

OUTPUTS = ("out", "out_dir", "f0_out", "subtitles")
"""Parameters of verbs that name what is written."""
SHARING = ("ray", "shard")
"""Parameters by which several processes write the same outputs."""


def take_urls(command: Any) -> None:
    """Let a command, and those below it, make outputs at URLs on this machine and copy them in the end."""
    for inner in getattr(command, "commands", {}).values():
        take_urls(inner)
    if command.callback is not None:
        command.callback = _taking_urls(command.callback)


def _taking_urls(run: Callable[..., Any]) -> Callable[..., Any]:
    def taking_urls(**given: Any) -> Any:
        urls = {name: url for name in OUTPUTS if (url := _url(given.get(name))) is not None}
        if not urls:
            return run(**given)
        for name in SHARING:
            if given.get(name) is not None:
                raise ConfigError(f"--{name} does not go with an output at a URL", "name a folder")
        from hiervox.utils.uploads import named, uploaded

        with uploaded(urls.values()) as places:
            local = {name: type(given[name])(places[url]) for name, url in urls.items()}
            out, err = (_Renaming(stream, named) for stream in (sys.stdout, sys.stderr))
            with redirect_stdout(out), redirect_stderr(err):
                return run(**{**given, **local})

    return taking_urls


def _url(value: object) -> str | None:
    return url_of(value) if isinstance(value, str | Path) else None


class _Renaming:
    """A stream that prints the URLs of outputs in place of where they are made."""

    def __init__(self, stream: TextIO, named: Callable[[str], str]) -> None:
        self._stream = stream
        self._named = named

    def write(self, text: str) -> int:
        return self._stream.write(self._named(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
