from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from hiervox.utils.config import Config, load_config
from hiervox.utils.errors import ConfigError
from hiervox.utils.schema import require_sizes


class Inner(Config):
    width: int = 4
    kernel_size: int = 5
    scale: float = Field(1.0, ge=0)


class Square(Config):
    kind: Literal["square"] = "square"
    side: int = 1


class Circle(Config):
    kind: Literal["circle"] = "circle"
    radius: int = 1


class Outer(Config):
    name: str
    model: Inner = Inner()
    shape: Annotated[Square | Circle, Field(discriminator="kind")] = Square()
    layers: tuple[Inner, ...] = ()
    shapes: dict[str, Annotated[Square | Circle, Field(discriminator="kind")]] = {}  # noqa: RUF012


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_bases_merge_and_overrides_win(tmp_path: Path) -> None:
    write(tmp_path / "base.json5", "{name: 'a', model: {width: 1, kernel_size: 3}}")
    child = write(tmp_path / "child.json5", "{base: 'base.json5', model: {width: 2}} // comment")
    config = load_config(child, Outer, ["model.kernel_size=7", "name=it"])
    assert config == Outer(name="it", model=Inner(width=2, kernel_size=7))


@pytest.mark.parametrize(
    ("text", "overrides", "words"),
    [
        ("{name: 'a', model: {widht: 3}}", [], ["'model.widht'", "child.json5", "did you mean 'width'?"]),
        ("{name: 'a'}", ["model.kernel=3"], ["'model.kernel'", "--set", "'kernel_size'"]),
        ("{nmae: 'a'}", [], ["unknown key 'nmae'", "did you mean 'name'?"]),
        ("{name: 'a', model: {width: 'x'}}", [], ["bad value 'x'", "'model.width'", "child.json5"]),
        ("{model: {}}", [], ["missing key 'name'", "child.json5"]),
        ("{name: 'a', layers: [{}, {wdith: 1}]}", [], ["'layers.1.wdith'", "'width'"]),
        ("{name: 'a', zzzzzz: 1}", [], ["known keys are layers, model, name, shape, shapes"]),
        ("{name: 'a', shape: {kind: 'circle', radios: 1}}", [], ["'shape.radios'", "mean 'radius'"]),
        ("{name: 'a', shape: {kind: 'square', sid: 1}}", [], ["'shape.sid'", "mean 'side'"]),
        ("{name: 'a', shapes: {b: {kind: 'square', sid: 1}}}", [], ["'shapes.b.sid'", "mean 'side'"]),
        ("{name: 'a', shapes: {b: {kind: 'cube'}}}", [], ["'shapes.b'", "'kind' from 'square', 'circle'"]),
        ("{name: 'a', shapes: {b: {}}}", [], ["'shapes.b'", "add its 'kind'"]),
        ("{name: 'a', shape: {kind: 'circle', radius: 'x'}}", [], ["'shape.radius'", "child.json5"]),
        ("{name: 'a', shape: {kind: 'cube'}}", [], ["'shape'", "'square', 'circle'"]),
        ("{name: 'a', model: {width: true}}", [], ["'model.width'", "child.json5", "number"]),
        ("{name: 'a', layers: [{}, {width: false}]}", [], ["'layers.1.width'", "number"]),
        ("{name: 'a', model: {scale: Infinity}}", [], ["'model.scale'", "finite"]),
        ("{name: 'a', model: {scale: -1}}", [], ["'model.scale'", "give at least 0"]),
        ("{name: 'a', name: 'b'}", [], ["child.json5", '"name"', "Duplicate"]),
        ("{name: 'a', x: " + "[" * 9000 + "]" * 9000 + "}", [], ["child.json5", "nested"]),
        ("{name: 'a', model: " + "{m: " * 40 + "1" + "}" * 40 + "}", [], ["child.json5", "nested"]),
        ("{name: 'a'}", ["model." * 400 + "x=1"], ["nested"]),
        ("{name: 'a'}", ["model={width: 1"], ["'{width: 1'", "JSON5"]),
        ("{name: 'a', model: {width: '" + "x" * 9000 + "'}}", [], ["bad value 'xxxx", "…"]),
        ("//" + "x" * 300_000 + "\n{name: 'a'}", [], ["child.json5", "more than 256 KiB"]),
        ("[1]", [], ["holds no object"]),
        ("{name: ", [], ["JSON5"]),
        ("{name: 'a'}", ["name"], ["not of the form key=value"]),
        ("{base: 'nowhere.json5'}", [], ["no config file", "nowhere.json5"]),
        ("{base: 'child.json5'}", [], ["its own base"]),
        ("{base: 3}", [], ["`base`", "not a string"]),
    ],
)
def test_errors_name_file_key_and_mend(
    tmp_path: Path, text: str, overrides: list[str], words: list[str]
) -> None:
    child = write(tmp_path / "child.json5", text)
    with pytest.raises(ConfigError) as caught:
        load_config(child, Outer, overrides)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_key_of_a_base_is_blamed_on_the_base(tmp_path: Path) -> None:
    write(tmp_path / "base.json5", "{name: 'a', modle: {}}")
    child = write(tmp_path / "child.json5", "{base: 'base.json5', model: {width: 2}}")
    with pytest.raises(ConfigError, match=r"base\.json5: did you mean 'model'"):
        load_config(child, Outer)


def test_a_chain_of_bases_ends(tmp_path: Path) -> None:
    for number in range(50):
        write(tmp_path / f"{number}.json5", f"{{base: '{number + 1}.json5'}}")
    with pytest.raises(ConfigError, match="is the base of"):
        load_config(tmp_path / "0.json5", Outer)


@pytest.mark.parametrize("name", ["nul\0.json5", "x" * 300, "x/" * 3000])
def test_names_that_no_file_has_are_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="config"):
        load_config(tmp_path / name, Outer)


def test_sizes_of_networks_are_bounded() -> None:
    require_sizes(Inner(width=48_000), "model")
    with pytest.raises(ValueError, match=r"model\.width is 10000000"):
        require_sizes(Inner(width=10**7), "model")
    with pytest.raises(ValueError, match=r"outer\.layers\.0\.width is 1000000000"):
        require_sizes(Outer(name="a", layers=(Inner(width=10**9),)), "outer")
    with pytest.raises(ValueError, match=r"outer\.layers has 20000 items"):
        require_sizes(Outer(name="a", layers=(Inner(),) * 20_000), "outer")
