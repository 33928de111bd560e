"""Configuration: JSON5 files with a `base`, overridden from the command line, checked by pydantic."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hiervox.utils.errors import ConfigError, shortened
from hiervox.utils.json_files import parse_json5, read_object, require_usable
from hiervox.utils.reasons import plain_reason
from hiervox.utils.schema import Config as Config
from hiervox.utils.schema import OneOf

OVERRIDE_SOURCE = "--set"
MOST_BASES = 32

ConfigT = TypeVar("ConfigT", bound=BaseModel)


class Layered:
    """A merged config tree that remembers which file set each key.

    Attributes:
        values: the merged tree.
        sources: dotted key → the file (or `--set`) that set it last.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}

    def merge(self, tree: Mapping[str, Any], source: str) -> None:
        """Lay `tree` over what is there; mappings merge, anything else replaces."""
        self._merge(self.values, tree, source, "")

    def _merge(self, into: dict[str, Any], tree: Mapping[str, Any], source: str, prefix: str) -> None:
        for key, value in tree.items():
            dotted = f"{prefix}{key}"
            self.sources[dotted] = source
            if isinstance(value, Mapping):
                if not isinstance(into.get(key), dict):
                    into[key] = {}
                self._merge(into[key], value, source, f"{dotted}.")
            else:
                into[key] = value

    def source_of(self, dotted: str) -> str:
        """The file that set `dotted`, or that set the nearest key above it."""
        while dotted:
            if dotted in self.sources:
                return self.sources[dotted]
            dotted = dotted.rpartition(".")[0]
        return next(reversed(self.sources.values()), "the config")


def read_json5(path: Path) -> dict[str, Any]:
    """Read one JSON5 object.

    Raises:
        ConfigError: the file is missing, is not JSON5, or is not an object.
    """
    try:
        if not path.is_file():
            raise ConfigError(f"no config file {path}", "check the path")
        return read_object(path, is_json5=True)
    except OSError as error:
        raise ConfigError(f"can't read the config {path} ({error.strerror})", "check the path") from error
    except ValueError as error:
        raise ConfigError(f"{path} can't be read as JSON5 ({error})", "correct the file") from error


def load_layers(path: Path, overrides: Sequence[str] = ()) -> Layered:
    """Read a config file, the chain of its `base` files, and `key=value` overrides.

    A `base` is looked for relative to the file that names it.

    Raises:
        ConfigError: a file or an override is unusable, or the bases form a circle.
    """
    layered = Layered()
    _lay(path, layered, ())
    for override in overrides:
        layered.merge(parse_override(override), OVERRIDE_SOURCE)
    return layered


def _lay(path: Path, layered: Layered, below: tuple[Path, ...]) -> None:
    tree = read_json5(path)
    if path.resolve() in below:
        raise ConfigError(f"{path} is its own base", "remove the circle of `base` keys")
    if len(below) > MOST_BASES:
        raise ConfigError(f"{path} is the base of {len(below)} files", "leave some out")
    base = tree.pop("base", None)
    if base is not None:
        if not isinstance(base, str):
            raise ConfigError(f"`base` in {path} is not a string", "name one JSON5 file")
        _lay(path.parent / base, layered, (*below, path.resolve()))
    layered.merge(tree, str(path))


def parse_override(override: str) -> dict[str, Any]:
    dotted, equals, text = override.partition("=")
    if not equals or not dotted.strip():
        raise ConfigError(
            f"override {override!r} is not of the form key=value", "write --set train.batch_size=8"
        )
    tree: Any = _override_value(text)
    for key in reversed(dotted.strip().split(".")):
        tree = {key: tree}
    try:
        require_usable(tree)
    except ValueError as error:
        raise ConfigError(f"the key of override {shortened(override)} is not a key", str(error)) from error
    return dict(tree)


def _override_value(text: str) -> Any:
    try:
        return parse_json5(text)
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "["):
            raise ConfigError(f"the override value {shortened(text)} is not JSON5", str(error)) from error
        return text  # a bare word is a string


def validate(layered: Layered, schema: type[ConfigT]) -> ConfigT:
    """Check the merged tree against `schema`.

    Raises:
        ConfigError: naming the file, the key and, for an unknown key, the nearest right one.
    """
    try:
        checked = schema.model_validate(layered.values)
    except ValidationError as error:
        # a misspelt key often leaves a required one missing: the misspelling is what to correct
        errors = sorted(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
        first = errors[0]
        located = without_kinds(schema, first["loc"])
        keys = [part for part in located if isinstance(part, str)]
        dotted = ".".join(str(part) for part in located)
        source = layered.source_of(".".join(keys))
        if first["type"] == "extra_forbidden":
            known = known_keys(schema, [part for part in first["loc"] if isinstance(part, str)][:-1])
            near = difflib.get_close_matches(keys[-1], known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(sorted(known))}"
            raise ConfigError(f"unknown key {dotted!r} in {source}", hint) from error
        if first["type"] == "missing":
            raise ConfigError(f"missing key {dotted!r} in {source}", "set it") from error
        if first["type"] != "value_error" and not _is_given(layered.values, located):
            raise ConfigError(
                f"the default of {dotted!r} is {shortened(first['input'])}",
                f"{plain_reason(first)}, in the class of that section",
            ) from error
        given = "" if isinstance(first["input"], dict) else f" {shortened(first['input'])}"
        where = f" for {dotted!r}" if dotted else "s"
        raise ConfigError(f"bad value{given}{where} in {source}", plain_reason(first)) from error
    for dotted in _truths_for_numbers(layered.values, checked):
        raise ConfigError(
            f"bad value for {dotted!r} in {layered.source_of(dotted)}", "give a number, not true or false"
        )
    return checked


def _is_given(tree: Any, location: Sequence[int | str]) -> bool:
    """Whether a place of a validation error is one of the given tree, or in a value of it."""
    for part in location:
        if isinstance(tree, Mapping):
            if part not in tree:
                return False
            tree = tree[part]
        elif isinstance(tree, Sequence) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            return True
    return True


def _truths_for_numbers(given: Any, checked: Any, prefix: str = "") -> Iterator[str]:
    """Dotted keys of values that were true or false in the file and that pydantic took for 1 or 0."""
    if isinstance(given, bool) and not isinstance(checked, bool):
        yield prefix.removesuffix(".")
    if isinstance(given, Mapping) and isinstance(checked, BaseModel):
        for key, value in given.items():
            yield from _truths_for_numbers(value, getattr(checked, key, None), f"{prefix}{key}.")
    if isinstance(given, list) and isinstance(checked, tuple):
        for index, (value, taken) in enumerate(zip(given, checked, strict=False)):
            yield from _truths_for_numbers(value, taken, f"{prefix}{index}.")


def without_kinds(schema: type[BaseModel], location: Sequence[int | str]) -> list[int | str]:
    """The place of a validation error as keys of the file.

    Among them pydantic puts the kind of a section that is one of several, told apart by its key `kind` or
    `type`.
    """
    return [part for part, is_key, _ in _walk(schema, location) if is_key]


def known_keys(schema: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that the section at `location`, as pydantic gives it, takes; empty where there is none."""
    *_, (_, _, sections) = ("", True, [schema]), *_walk(schema, location)
    return list(dict.fromkeys(key for section in sections for key in _fields(section)))


def _walk(
    schema: type[BaseModel], location: Sequence[int | str]
) -> Iterator[tuple[int | str, bool, list[type[BaseModel]]]]:
    """Of each part of a location: the part, whether it is a key, and the sections that may stand there."""
    sections, is_table = [schema], False  # of a table the keys are the user's
    for part in location:
        of_this_kind = [section for section in sections if _kind(section) == part]
        is_key = is_table or len(sections) < 2 or not of_this_kind
        if is_table:
            is_table = False
        elif is_key:
            fields = [_fields(section)[part] for section in sections if part in _fields(section)]
            is_table = any(get_origin(field.annotation) is dict for field in fields)
            sections = [section for field in fields for section in _sections_of(field.annotation)]
        else:
            sections = of_this_kind
        yield part, is_key, sections


def _fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    return section.known_fields() if issubclass(section, Config) else section.model_fields


def _kind(section: type[BaseModel]) -> Any:
    """What tells a section from the others that may stand in its place."""
    field = section.model_fields.get("kind") or section.model_fields.get("type")
    return None if field is None else field.default


def _sections_of(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    for marker in getattr(annotation, "__metadata__", ()):
        if isinstance(marker, OneOf):
            return list(marker.sections())
    return [section for inner in get_args(annotation) for section in _sections_of(inner)]


def load_config(path: Path, schema: type[ConfigT], overrides: Sequence[str] = ()) -> ConfigT:
    """`load_layers` and `validate` in one."""
    return validate(load_layers(path, overrides), schema)


def filled(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with what it lacks of `defaults`; sections that are objects already stay as they are."""
    tree = dict(given)
    for key, value in defaults.items():
        if key not in tree:
            tree[key] = value
        elif isinstance(value, Mapping) and isinstance(tree[key], Mapping):
            tree[key] = filled(tree[key], value)
    return tree
