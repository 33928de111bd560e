"""Writes the reference while the site is built: commands, systems, modules and configs of the code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from typer.core import TyperGroup

from hiervox.bins.app import app
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.registry import resolve

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = (
    "hiervox.models.base.card",
    "hiervox.models.base.tasks",
    "hiervox.bins.verbs",
    "hiervox.bins.job",
    "hiervox.models.base.config",
    "hiervox.models.base.pipelines.loading",
    "hiervox.models.base.pipelines.protocols",
    "hiervox.models.base.pipelines.parts",
    "hiervox.models.base.pipelines.speech_pipeline",
    "hiervox.models.base.pipelines.controls",
    "hiervox.models.base.data.batch",
    "hiervox.models.base.data.feature",
    "hiervox.models.base.training.task",
    "hiervox.models.base.training.adversarial",
    "hiervox.models.base.training.engine",
    "hiervox.utils.config",
    "hiervox.utils.registry",
    "hiervox.utils.errors",
)
"""What a user or an author of a system imports."""


def commands() -> str:
    """Every verb of the command line, its options and their defaults."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    lines = ["# Commands", "", "`hiervox VERB --help` prints the same.", ""]
    for name, command in _verbs(group):
        lines += [
            f"## hiervox {name}",
            "",
            *_help(command),
            "",
            "| option | what it is | default |",
            "|---|---|---|",
        ]
        for parameter in command.params:
            if parameter.name == "help":
                continue
            flags = (
                ", ".join(f"`{flag}`" for flag in parameter.opts if flag.startswith("-"))
                or f"`{parameter.name}`"
            )
            text = _cell(getattr(parameter, "help", "") or "")
            default = (
                ""
                if parameter.default in (None, False, ()) or callable(parameter.default)
                else parameter.default
            )
            lines.append(f"| {flags} | {text} | {_cell(str(default))} |")
        lines.append("")
    return "\n".join(lines)


def _verbs(group: TyperGroup) -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {verb}", inner) for verb, inner in sorted(command.commands.items()))
        else:
            yield name, command


def _help(command: Any) -> list[str]:
    """The text as it is, its examples as code."""
    text, _, example = (command.help or "").partition("\b")
    lines = [text.strip()]
    if example:
        lines += ["", "```text", *(line.strip() for line in example.strip().splitlines()), "```"]
    return lines


def systems() -> str:
    """A section a system, from its card."""
    lines = ["# Systems", "", "From the cards; `hiervox systems show NAME` prints one.", ""]
    for name, card in sorted(SYSTEMS.items(), key=lambda pair: (pair[1].task, pair[0])):
        parts = ", ".join(f"`{part.name}`" for part in card.parts)
        lines += [
            f"## {name}",
            "",
            f"{card.summary}.",
            "",
            f"Task `{card.task}` · paper: {card.paper} · parts: {parts} · "
            f"published weights: {card.weights_licence}",
            "",
        ]
    return "\n".join(lines)


def configs() -> str:
    """The sections of each part's config, with defaults."""
    lines = [
        "# Configs",
        "",
        "Keys of each part and their defaults; `hiervox config show FILE` prints a whole one.",
        "",
    ]
    for name, card in sorted(SYSTEMS.items()):
        for part in card.parts:
            schema = resolve(part.config)
            lines += [f"## {name}, {part.name}", "", "| key | default |", "|---|---|"]
            for key in ("model", "loss", "features"):
                field = schema.model_fields.get(key)
                if field is not None and isinstance(field.default, BaseModel):
                    lines += [f"| `{path}` | {_cell(value)} |" for path, value in _leaves(key, field.default)]
            lines.append("")
    return "\n".join(lines)


def _leaves(path: str, config: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from _leaves(f"{path}.{name}", value)
        else:
            yield f"{path}.{name}", f"`{value!r}`"


def modules() -> str:
    """The classes of modules/, with the first sentences of their docstrings."""
    lines = ["# Modules", "", "Building blocks that systems share, by kind.", ""]
    root = REPOSITORY / "modules"
    for folder in sorted(path for path in root.iterdir() if (path / "__init__.py").exists()):
        lines += [f"## {folder.name}", "", "| class | file | what it is |", "|---|---|---|"]
        for file in sorted(folder.rglob("*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    said = (ast.get_docstring(node) or "").split("\n\n")[0]
                    lines.append(f"| `{node.name}` | `{file.relative_to(REPOSITORY)}` | {_cell(said)} |")
        lines.append("")
    return "\n".join(lines)


def python() -> str:
    """Directives of mkdocstrings."""
    lines = ["# Python", "", "What users and authors of systems import."]
    return "\n".join(
        [
            *lines,
            *(f"\n## {name}\n\n::: {name}\n    options: {{show_root_heading: false}}" for name in PYTHON),
        ]
    )


def _cell(text: str) -> str:
    """On one line, with nothing that ends a cell or begins a tag or a link."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("[", "&#91;")


PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "systems": systems,
    "modules": modules,
    "configs": configs,
    "python": python,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for name, write in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=write()))
    return files


if __name__ == "__main__":
    sys.stdout.write(PAGES[sys.argv[1]]())
