"""The base of every config section, kept apart from reading files, so that modules can use it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Union, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from hiervox.utils.errors import ConfigError, shortened
from hiervox.utils.reasons import plain_reason

MOST_SIZE = 1_000_000
"""No width, kernel, rate or vocabulary of a network is larger; building one that is would exhaust memory."""
MOST_ITEMS = 10_000


class Config(BaseModel):
    """Base of every config section: immutable; an unknown key or a number that is not finite is an error.

    Attributes:
        renamed: former names of its keys, and the present ones; files that hold them can still be read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)
    renamed: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _by_present_names(cls, given: Any) -> Any:
        if not isinstance(given, dict) or cls.renamed.keys().isdisjoint(given):
            return given
        for former, present in cls.renamed.items():
            if former in given and present in given:
                raise ValueError(f"{former} is the former name of {present}, which is set too: leave one out")
        return {cls.renamed.get(key, key): value for key, value in given.items()}

    def __init__(self, **given: Any) -> None:
        """As pydantic's.

        Raises:
            ConfigError: a default is not of its field's type.
        """
        try:
            super().__init__(**given)
        except ValidationError as error:
            first = error.errors()[0]
            key = str(first["loc"][0]) if first["loc"] else ""
            if key in type(self).model_fields and key not in given:
                raise ConfigError(
                    f"the default of {type(self).__name__}.{'.'.join(map(str, first['loc']))} is "
                    f"{shortened(first['input'])}",
                    plain_reason(first),
                ) from error
            raise

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # sections within are not made by it

    @classmethod
    def __pydantic_init_subclass__(cls, **arguments: Any) -> None:
        """Refuse sections that would swallow unknown keys.

        Raises:
            ConfigError: a field is a pydantic model, but no `Config`.
        """
        for name, field in cls.model_fields.items():
            for section in _models_in(field.annotation):
                if not issubclass(section, Config):
                    raise ConfigError(
                        f"{cls.__name__}.{name} is a {section.__name__}, which is not a Config",
                        "derive it from hiervox.utils.config.Config, which refuses unknown keys",
                    )

    @classmethod
    def known_fields(cls) -> dict[str, FieldInfo]:
        """The keys that it takes; an open section, whose keys others declare, says here which there are."""
        return cls.model_fields


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


class Sizes(Config):
    """Base of the sizes of a module, one object for its constructor and one section of a config.

    They stand beside the module. A system whose paper has other defaults derives a class of its own.
    """


class OneOf:
    """Marks the base of several sections, as `Annotated[Base, OneOf(...)]`: one of them, told by a key.

    The sections are looked up whenever one is validated, so that more can be added.

    Args:
        key: the field by which they are told apart, a literal of each.
        sections: returns all of them; two at least.
    """

    def __init__(self, key: str, sections: Callable[[], Sequence[type[BaseModel]]]) -> None:
        self.key = key
        self.sections = sections

    def _adapter(self) -> TypeAdapter[Any]:
        return _one_of(self.key, tuple(self.sections()))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda given: self._adapter().validate_python(given),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda section, info: section.model_dump(mode=info.mode), info_arg=True
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(self._adapter().core_schema)


@lru_cache
def _one_of(key: str, sections: tuple[type[BaseModel], ...]) -> TypeAdapter[Any]:
    kinds: Any = Annotated[Union[sections], Field(discriminator=key)]  # noqa: UP007
    return TypeAdapter(kinds)


def told_by(key: str, default: str) -> Discriminator:
    """How the sections of a union of `Tag`ged ones are told apart: by `key`, which older configs don't have.

    Args:
        key: the field, a literal of each section.
        default: its value where it is not given.
    """

    def value_of(given: Any) -> Any:
        return given.get(key, default) if isinstance(given, Mapping) else getattr(given, key, default)

    return Discriminator(value_of)


def require_sizes(section: BaseModel | dict[str, Any], name: str) -> None:
    """Refuse numbers in a section that describes a network which no network could have.

    Raises:
        ValueError: a whole number over `MOST_SIZE`, or a list of more than `MOST_ITEMS`; it names the key.
    """
    for dotted, value in _leaves(section, name):
        if isinstance(value, int) and value > MOST_SIZE:
            raise ValueError(f"{dotted} is {value}, and no size of a network is over {MOST_SIZE}")
        if isinstance(value, tuple) and len(value) > MOST_ITEMS:
            raise ValueError(f"{dotted} has {len(value)} items, over {MOST_ITEMS}")


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}")
        return
    yield name, value
    if isinstance(value, tuple):
        for index, inner in enumerate(value[:MOST_ITEMS]):
            yield from _leaves(inner, f"{name}.{index}")
