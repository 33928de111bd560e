"""The pictures of the documentation are those that the script draws."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def test_pictures_are_drawn_by_the_script() -> None:
    spec = importlib.util.spec_from_file_location("draw", PICTURES / "draw.py")
    assert spec is not None and spec.loader is not None
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    for name, make in draw.PICTURES.items():
        assert (PICTURES / name).read_text(encoding="utf-8") == make()
        assert ElementTree.fromstring(make()).tag.endswith("svg")
