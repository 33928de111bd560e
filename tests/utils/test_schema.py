from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError

from hiervox.utils.config import load_config
from hiervox.utils.errors import ConfigError
from hiervox.utils.schema import Config


class Plain(BaseModel):
    """Takes any key."""

    width: int = 8


def test_a_section_that_would_swallow_unknown_keys_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Experiment\.model is a Plain, which is not a Config: derive it"):

        class Experiment(Config):
            model: Plain = Plain()


def test_so_is_one_in_a_table_of_sections() -> None:
    with pytest.raises(ConfigError, match=r"Experiment\.members is a Plain"):

        class Experiment(Config):
            members: dict[str, Plain | None] | None = None


def test_a_default_of_a_wrong_type_is_told_by_its_class_and_key(tmp_path: Path) -> None:
    class Inner(Config):
        width: int = "wide"  # type: ignore[assignment]
        depth: int = 2

    class Outer(Config):
        inner: Inner = Field(default_factory=Inner)
        height: int = 1

    with pytest.raises(ConfigError, match=r"the default of Inner\.width is 'wide': give a whole number"):
        Inner()
    with pytest.raises(ConfigError, match=r"the default of Inner\.width is 'wide'"):
        Inner(depth=3)
    with pytest.raises(ValidationError):
        Inner(width="broad")  # type: ignore[arg-type]
    config = tmp_path / "own.json5"
    config.write_text("{inner: {depth: 3}}")
    with pytest.raises(ConfigError, match=r"the default of 'inner\.width' is 'wide': give a whole"):
        load_config(config, Outer)
    config.write_text("{height: 'tall', inner: {width: 1}}")
    with pytest.raises(ConfigError, match=r"bad value 'tall' for 'height' in .*own\.json5: give a whole"):
        load_config(config, Outer)
    config.write_text("{height: 2}")
    with pytest.raises(ConfigError, match=r"the default of Inner\.width is 'wide'"):
        load_config(config, Outer)
