from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hiervox.bins.doctor import check_plugins
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import Registry, classes_of, instances_of, resolve

SOURCE = """
from dataclasses import dataclass
from tests.utils.test_registry import Fruit, Tool
from tests.utils.test_registry import Hammer
FRUIT = Fruit({name!r})
class Saw(Tool):
    name = "saw of " + {name!r}
"""


@dataclass(frozen=True)
class Fruit:
    name: str


class Tool:
    name = "tool"


class Hammer(Tool):
    name = "hammer"


@pytest.fixture
def basket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with an entry in each of two folders, and one that is not looked at."""
    for folder, name in (("sweet", "pear"), ("sour", "lemon"), ("base", "stone")):
        (tmp_path / "basket" / folder).mkdir(parents=True)
        (tmp_path / "basket" / folder / "__init__.py").write_text(SOURCE.format(name=name))
    (tmp_path / "basket" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("basket", "basket.sweet", "basket.sour", "basket.base"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    return "basket"


def fruits(package: str, **options: list[str]) -> Registry[Fruit]:
    return Registry(
        "fruit",
        "tests.fruits",
        package,
        "*/__init__.py",
        instances_of(Fruit),
        without=["base"],
        **options,  # type: ignore[arg-type]
    )


def install(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    found = [EntryPoint(name, value, "tests.fruits") for name, value in points]
    monkeypatch.setattr("hiervox.utils.registry.entry_points", lambda group: found)


def test_the_tree_s_entries_are_found_by_folder(basket: str) -> None:
    assert list(fruits(basket)) == ["lemon", "pear"]


def test_classes_count_where_they_are_written(basket: str) -> None:
    tools: Registry[type[Tool]] = Registry(
        "tool", "tests.tools", basket, "*/__init__.py", classes_of(Tool), without=["base"]
    )
    assert list(tools) == ["saw of lemon", "saw of pear"]


def test_a_broken_package_is_left_out_with_its_reason(basket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ("plum", "no.such:FRUIT"), ("nail", "tests.utils.test_registry:Hammer"))
    registry = fruits(basket)
    assert list(registry) == ["lemon", "pear"]
    assert "No module named 'no'" in registry.left_out["plum"].reason
    with pytest.raises(ConfigError, match=r"no fruit 'plum': no\.such brings it, but ModuleNotFoundError"):
        registry.named("plum")
    with pytest.raises(ConfigError, match="test_registry:Hammer is not a fruit"):
        registry.named("nail")


def test_names_are_unique_and_reserved_ones_stay_free(basket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = fruits(basket)
    registry.add(Fruit("plum"))
    with pytest.raises(ConfigError, match="two fruits are called 'plum'"):
        registry.add(Fruit("plum"))
    registry.remove("plum")
    with pytest.raises(ConfigError, match="did you mean 'pear'"):
        registry.named("peer")
    with pytest.raises(ConfigError, match=r"'lemon'.*reserved"):
        len(fruits(basket, reserved=["lemon"]))


def test_doctor_says_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[EntryPoint]:
        return [EntryPoint("x", "no.such:CARD", group)] if group == "hiervox.systems" else []

    for module in ("utils.registry", "bins.plugins"):
        monkeypatch.setattr(f"hiervox.{module}.entry_points", points)
    SYSTEMS.forget()
    try:
        (check,) = check_plugins()
    finally:
        SYSTEMS.forget()
    assert check.name == "system x" and "No module named" in check.detail and "no.such" in check.hint
    assert not check.needed


@pytest.mark.parametrize(
    ("dotted", "message"),
    [
        ("hiervox.utils.registry:Registri", "has no Registri: did you mean 'Registry'?"),
        ("hiervox.utils.registri:Registry", "can't import hiervox.utils.registri .*: correct the card that"),
        ("no_such_package.module:Thing", "can't import no_such_package.module .*: install no_such_package"),
        (
            "broken_on_import:Thing",
            r"can't import .* \(ValueError: sizes are wrong\): correct it",
        ),
    ],
)
def test_a_dotted_name_that_is_not_there_says_what_to_do(
    dotted: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_on_import.py").write_text('raise ValueError("sizes are wrong")\n')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=message):
        resolve(dotted)
