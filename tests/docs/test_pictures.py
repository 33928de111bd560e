"""The pictures of the documentation are those that the script draws."""

from __future__ import annotations

import runpy
from pathlib import Path
from xml.etree import ElementTree

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def test_pictures_are_drawn_by_the_script() -> None:
    drawn = runpy.run_path(str(PICTURES / "draw.py"))["PICTURES"]
    assert set(drawn) == {path.name for path in PICTURES.glob("*.svg")}
    for name, make in drawn.items():
        assert (PICTURES / name).read_text(encoding="utf-8") == make()
        assert ElementTree.fromstring(make()).tag.endswith("svg")
