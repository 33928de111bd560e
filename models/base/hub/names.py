"""What a model on the Hugging Face Hub is called: `hf:OWNER/NAME[@REVISION]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "hf:"

_NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?", re.ASCII)


@dataclass(frozen=True)
class HubName:
    """A model on the Hub.

    Attributes:
        repo: OWNER/NAME.
        revision: a branch, a tag or a commit; None for the main branch.
    """

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{PREFIX}{self.repo}" + (f"@{self.revision}" if self.revision else "")


def hub_name(name: str, bare: bool = False) -> HubName | None:
    """The model that a name means; None of any other name.

    Args:
        name: `hf:OWNER/NAME`, `hf://OWNER/NAME`, each with `@REVISION` behind it where that is not the main
            branch.
        bare: whether it may lack the `hf:`.
    """
    inner = name.removeprefix(PREFIX)
    if inner == name and not bare:
        return None
    match = _NAME.fullmatch(inner.lstrip("/") if inner != name else inner)
    return None if match is None else HubName(match["repo"], match["revision"])
