"""`hiervox doctor`: what is installed, what is missing, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import typer

from hiervox.bins.tables import JsonOption, echo_table
from hiervox.bins.verbs import INSTALLATION, Verb
from hiervox.utils.errors import HierVoxError
from hiervox.utils.host import usable_cores

INSTALL = 'pip install --editable ".[train,eval]"'
DEMO_EXTRAS = ("train", "eval")
PYTHON_VERSIONS = ((3, 10), (3, 13))
LEAST_FREE_GIB = 2.0
"""What the demo's features, checkpoints and sounds may take, with room to spare."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        detail: its version or state, or what is wrong.
        hint: what to do about it; empty where all is well.
        needed: whether `make demo` fails without it.
    """

    name: str
    detail: str
    hint: str = ""
    needed: bool = True

    @property
    def state(self) -> str:
        """In a word."""
        return "ok" if not self.hint else "missing" if self.needed else "note"


def doctor(as_json: JsonOption = False) -> None:
    """Look at the installation. Exit code 1 where something is missing that `make demo` needs.

    \b
    Example:
      hiervox doctor
    """
    results = examine()
    rows = [(check.state, check.name, check.detail, check.hint) for check in results]
    echo_table([("state", "what", "found", "what to do"), *rows], as_json)
    if any(check.hint and check.needed for check in results):
        raise typer.Exit(1)


def examine() -> list[Check]:
    """Everything that `hiervox doctor` looks at. No check raises; each missing thing has its hint."""
    return [
        check_python(),
        *check_packages(),
        _guarded("resemblyzer", check_resemblyzer),
        _guarded("espeak-ng", check_espeak),
        _guarded("offline Whisper", check_offline_whisper),
        _guarded("device", check_device),
        *check_plugins(),
        check_cores(),
        check_disk(Path.cwd()),
        _guarded("Hugging Face Hub", check_hub),
    ]


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except HierVoxError as error:
        return Check(name, error.problem, error.hint)
    except ImportError as error:
        return Check(name, str(error), INSTALL)


def check_python() -> Check:
    """Python's version."""
    detail = ".".join(str(number) for number in sys.version_info[:3])
    lowest, highest = PYTHON_VERSIONS
    if not lowest <= sys.version_info[:2] <= highest:
        return Check("python", detail, f"use {'.'.join(map(str, lowest))} to {'.'.join(map(str, highest))}")
    return Check("python", detail)


def check_packages() -> list[Check]:
    """Each package that the project asks for in its own metadata, the extras of the demo among them."""
    try:
        from packaging.requirements import Requirement

        stated = metadata.requires("hiervox") or []
    except (ImportError, metadata.PackageNotFoundError) as error:
        return [Check("hiervox", f"not installed ({error})", INSTALL)]
    checks: dict[str, Check] = {}
    for requirement in map(Requirement, stated):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in DEMO_EXTRAS):
            checks.setdefault(requirement.name, _check_package(requirement.name, str(requirement.specifier)))
    return list(checks.values())


def _check_package(name: str, wanted: str) -> Check:
    from packaging.specifiers import SpecifierSet

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, "not installed", f'pip install "{name}{wanted}"')
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        return Check(name, f"{version} does not fit {wanted}", f'pip install "{name}{wanted}"')
    return Check(name, version)


def check_resemblyzer() -> Check:
    """Resemblyzer, which is installed apart since it asks for a package that needs a compiler."""
    try:
        return Check("resemblyzer", metadata.version("resemblyzer"))
    except metadata.PackageNotFoundError:
        return Check("resemblyzer", "not installed", 'pip install --no-deps "resemblyzer==0.1.4"')


def check_espeak() -> Check:
    """espeak-ng's version, and whether it speaks."""
    from hiervox.processors.text import TextFrontend
    from hiervox.processors.text.phonemes import espeak_version

    text = "Hello world."
    return Check("espeak-ng", f"{espeak_version()}, {text!r} is {TextFrontend().phonemes(text)!r}")


def check_offline_whisper() -> Check:
    """The Whisper weights that need no Hub."""
    from hiervox.processors.semantic.offline import PACKAGES, offline_weights

    folders = [str(offline_weights(name)[0].parent) for name in PACKAGES]
    return Check("offline Whisper", ", ".join(folders))


def check_device() -> Check:
    """What `--device auto` takes; torch is asked only where a GPU may be."""
    from hiervox.utils.device import choose_device, may_have_gpu

    if not may_have_gpu():
        return Check("device", "cpu")
    import torch

    device = choose_device("auto")
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    return Check("device", f"{device}{name}")


def check_plugins() -> list[Check]:
    """What installed packages bring, and what of theirs was left out, each with the reason."""
    from hiervox.bins.plugins import extended_registries

    checks = []
    for registry in extended_registries():
        for name, package in registry.packages.items():
            checks.append(Check(f"{registry.kind} {name}", f"of {package}", needed=False))
        for entry in registry.left_out.values():
            detail, hint = f"left out, {entry.reason}", f"mend {entry.package}"
            checks.append(Check(f"{registry.kind} {entry.name}", detail, hint, needed=False))
    return checks


def check_cores() -> Check:
    """Cores that this process may use."""
    return Check("cores", str(usable_cores()))


def check_disk(folder: Path) -> Check:
    """Free space where `folder` lies."""
    free = shutil.disk_usage(folder).free / 2**30
    detail = f"{free:.1f} GiB free in {folder}"
    if free < LEAST_FREE_GIB:
        return Check("disk", detail, f"free at least {LEAST_FREE_GIB:g} GiB")
    return Check("disk", detail)


def check_hub() -> Check:
    """Whether pretrained networks such as MMS can be downloaded. The demo needs none."""
    from huggingface_hub import constants

    from hiervox.processors.semantic.hub import hub_reachable

    if constants.HF_HUB_OFFLINE:
        return Check(
            "Hugging Face Hub", "switched off by HF_HUB_OFFLINE", "unset it to download", needed=False
        )
    if not hub_reachable():
        hint = "name local folders of pretrained networks, or use the whisper family of semantic features"
        return Check("Hugging Face Hub", "not reachable", hint, needed=False)
    return Check("Hugging Face Hub", constants.ENDPOINT, needed=False)


VERB = Verb("doctor", doctor, panel=INSTALLATION, rank=7)
