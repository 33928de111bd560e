"""Registries of what plugs in, and dotted names: `package.module:attribute` to the object it names."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from hiervox.utils.errors import ConfigError, HierVoxError, reason
from hiervox.utils.logging import get_logger

EntryT = TypeVar("EntryT")

_log = get_logger("registry")


@dataclass(frozen=True)
class LeftOut:
    """An entry of an installed package that can't be used.

    Attributes:
        name: of the entry point.
        package: that brings it, with its version.
        reason: why it can't be used.
    """

    name: str
    package: str
    reason: str


class Registry(Mapping[str, EntryT], Generic[EntryT]):
    """All entries of one kind by name: those of the tree first, then those of installed packages.

    Nothing is imported before the first look. An installed package's entry that can't be loaded, or whose
    name is taken or reserved, is kept among `left_out` and logged, so that it breaks nothing else; a broken
    file of the tree raises.

    Args:
        kind: what an entry is called in messages, such as `system`.
        group: of entry points, such as `hiervox.systems`.
        package: that holds the tree's own entries, such as `hiervox.models`; empty where none does.
        pattern: of its files, such as `*/*/__init__.py`.
        is_entry: whether an object that a file defines, or an entry point names, is of this kind.
        without: folders of the package that hold no entries.
        reserved: names that stand for something else.
        name_of: an entry's name; by default its attribute `name`.
        completed: what is kept of an entry, by default the entry itself.
        own: returns further entries of the tree, which are not objects of a package's files.
        warns: whether what is left out is logged; where not, whoever lists the entries shows it.

    Raises:
        ConfigError: on any look, where two entries of the tree have one name, or one has a reserved name.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        package: str,
        pattern: str,
        is_entry: Callable[[object], bool],
        *,
        without: Iterable[str] = (),
        reserved: Iterable[str] = (),
        name_of: Callable[[EntryT], str] | None = None,
        completed: Callable[[EntryT], EntryT] | None = None,
        warns: bool = True,
        own: Callable[[], Iterable[EntryT]] = tuple,
    ) -> None:
        self.kind, self.group = kind, group
        self._package, self._pattern, self._is_entry = package, pattern, is_entry
        self._without, self._reserved = frozenset(without), frozenset(reserved)
        self._name_of, self._completed, self._warns = name_of or _name, completed, warns
        self._own = own
        self._entries: dict[str, EntryT] | None = None
        self._left_out: dict[str, LeftOut] = {}
        self._packages: dict[str, str] = {}

    def __getitem__(self, name: str) -> EntryT:
        return self._scanned()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scanned())

    def __len__(self) -> int:
        return len(self._scanned())

    @property
    def left_out(self) -> Mapping[str, LeftOut]:
        """Entries of installed packages that can't be used, by the names of their entry points."""
        self._scanned()
        return self._left_out

    @property
    def packages(self) -> Mapping[str, str]:
        """Name → package and version, of the entries of installed packages."""
        self._scanned()
        return self._packages

    def named(self, name: str) -> EntryT:
        """The entry of that name.

        Raises:
            ConfigError: there is none; says why it was left out, or names the nearest.
        """
        entries = self._scanned()
        if name in entries:
            return entries[name]
        if name in self._left_out:
            broken = self._left_out[name]
            raise ConfigError(f"no {self.kind} {name!r}", f"{broken.package} brings it, but {broken.reason}")
        raise ConfigError(f"no {self.kind} {name!r}", nearest(name, entries))

    def add(self, entry: EntryT) -> None:
        """Add an entry to this process's list.

        Raises:
            ConfigError: its name is taken or reserved.
        """
        self._add(self._scanned(), entry)

    def remove(self, name: str) -> None:
        """Take an entry off this process's list."""
        del self._scanned()[name]

    def forget(self) -> None:
        """Look for entries again at the next use, as after installing a package."""
        self._entries, self._left_out, self._packages = None, {}, {}

    def _scanned(self) -> dict[str, EntryT]:
        if self._entries is None:
            entries: dict[str, EntryT] = {}
            self._left_out, self._packages = {}, {}
            for module in _modules(self._package, self._pattern, self._without):
                for member in vars(module).values():
                    imported = inspect.isclass(member) and member.__module__ != module.__name__
                    if self._is_entry(member) and not imported:
                        self._add(entries, member)
            for entry in self._own():
                self._add(entries, entry)
            for point in entry_points(group=self.group):
                self._add_installed(entries, point)
            self._entries = entries
        return self._entries

    def _add_installed(self, entries: dict[str, EntryT], point: EntryPoint) -> None:
        package = _package_of(point)
        try:
            entry = point.load()
            if not self._is_entry(entry):
                missing = ", ".join(sorted(getattr(entry, "__abstractmethods__", ())))
                raise ConfigError(
                    f"{point.value} lacks {missing}" if missing else f"{point.value} is not a {self.kind}"
                )
            self._packages[self._add(entries, entry)] = package
        except (Exception, SystemExit) as error:  # whatever another package's import raises
            why = reason(error)
            self._left_out[point.name] = LeftOut(point.name, package, why)
            if self._warns:
                _log.warning("left out %s %s of %s: %s", self.kind, point.name, package, why)

    def _add(self, entries: dict[str, EntryT], entry: EntryT) -> str:
        name = self._name_of(entry)
        if name in self._reserved:
            raise ConfigError(f"a {self.kind} is called {name!r}", "rename it: that name is reserved")
        if name in entries:
            raise ConfigError(f"two {self.kind}s are called {name!r}", "rename or uninstall one")
        entries[name] = entry if self._completed is None else self._completed(entry)
        return name


def instances_of(schema: type) -> Callable[[object], bool]:
    """For entries that are objects of a class."""
    return lambda member: isinstance(member, schema)


def classes_of(base: type) -> Callable[[object], bool]:
    """For entries that are classes derived from `base`, abstract ones aside."""
    return lambda member: (
        inspect.isclass(member) and issubclass(member, base) and not inspect.isabstract(member)
    )


def _name(entry: Any) -> str:
    name: str = entry.name
    return name


def _modules(package: str, pattern: str, without: Iterable[str]) -> Iterator[ModuleType]:
    """The modules of a package whose files match a pattern, by path; none of some of its folders."""
    for root in map(Path, import_module(package).__path__ if package else ()):
        for file in sorted(root.glob(pattern)):
            parts = file.relative_to(root).with_suffix("").parts
            names = [part for part in parts if part != "__init__"]
            if names and names[0] not in without:
                yield import_module(".".join([package, *names]))


def _package_of(point: EntryPoint) -> str:
    """The installed package of an entry point, with its version where that is known."""
    if point.dist is None:
        return point.value.partition(":")[0]
    return f"{point.dist.name} {point.dist.version}"


def resolve(dotted: str) -> Any:
    """Import the module and return the attribute that `package.module:attribute` names.

    Raises:
        ConfigError: the module or the attribute is not there.
    """
    module_name, colon, attribute = dotted.partition(":")
    if not colon:
        raise ConfigError(f"{dotted!r} is not a dotted name", "write package.module:attribute")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"can't import {module_name} for {dotted!r} ({error})", _advice(error)) from error
    except HierVoxError:
        raise
    except Exception as error:  # whatever the module of another package raises
        raise ConfigError(
            f"can't import {module_name} for {dotted!r} ({reason(error)})", "correct it"
        ) from error
    if not hasattr(module, attribute):
        names = [name for name in vars(module) if not name.startswith("_")]
        near = difflib.get_close_matches(attribute, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "correct the card that names it"
        raise ConfigError(f"{module_name} has no {attribute}", hint)
    return getattr(module, attribute)


def _advice(error: ModuleNotFoundError) -> str:
    """A missing package can be installed; a missing module of one that is there is a misspelling."""
    missing = (error.name or "").split(".")[0]
    return "correct the card that names it" if missing in sys.modules else f"install {missing or 'it'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name: the nearest known one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names) or 'none'}"
