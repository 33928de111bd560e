from __future__ import annotations

import pytest
from pydantic import BaseModel

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
