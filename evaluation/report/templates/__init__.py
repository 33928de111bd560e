"""Pages as templates, and how they are filled."""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from typing import Any


def fill_template(name: str, title: str, data: Any) -> str:
    """A template of this folder with the common style and script, its own script and its data put in.

    Args:
        name: of the `.html` and the `.js` file.
        title: of the page.
        data: what the script reads.
    """
    folder = files(__package__)
    parts = {
        "title": html.escape(title),
        "style": (folder / "style.css").read_text(encoding="utf-8"),
        # a "<" in JSON stands in strings only, where its code serves as well and can't end the element
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        "script": "".join(
            (folder / file).read_text(encoding="utf-8") for file in ("common.js", f"{name}.js")
        ),
    }
    template = (folder / f"{name}.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], template)
