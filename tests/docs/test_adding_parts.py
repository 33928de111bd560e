"""Follows docs/guides/adding_parts.md: pip installs its package, and all of it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.config import ScheduleConfig
from hiervox.models.base.data.feature_registry import FEATURES
from hiervox.models.base.training.discriminators import DISCRIMINATORS, build_discriminator
from hiervox.models.base.training.schedule import Place, build_schedule
from hiervox.processors.text.languages import rules_of
from tests.conftest import REPOSITORY
from tests.docs.pages import commands_of, write_files
from tests.plugins import on_path, pip_install

PAGE = REPOSITORY / "docs" / "guides" / "adding_parts.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder, site = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("site")
    (folder / "extras").mkdir()
    (folder / "extras" / "__init__.py").touch()
    write_files(PAGE.read_text(encoding="utf-8"), folder)
    pip_install(folder, site)
    with on_path(site), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def test_its_commands_run(folder: Path) -> None:
    soundfile.write(folder / "a.wav", np.full(16_000, 0.25), 16_000)
    (folder / "table.csv").write_text("system,id,audio\nmine,1,a.wav\n")
    printed = {}
    for line in commands_of(PAGE.read_text(encoding="utf-8"))[1:]:  # pip has been run
        result = CliRunner().invoke(app, line.split()[1:])
        assert result.exit_code == 0 or "doctor" in line, f"{line}: {result.exception!r} {result.output}"
        printed[line] = result.output
    assert '"short"' in printed["hiervox config show short.json5"]
    assert "peak" in (folder / "report" / "utterances.csv").read_text().splitlines()[0]
    assert "speech-extras 0.1.0" in printed["hiervox doctor"]


def test_each_part_is_used(folder: Path) -> None:
    clip = SimpleNamespace(wav=np.full(640, 0.5, np.float32))
    level = FEATURES["level"](SimpleNamespace(hop_length=320))  # type: ignore[arg-type]
    assert level.compute(clip).tolist() == [0.5, 0.5]  # type: ignore[arg-type]
    rules = rules_of("en-029")
    assert rules.normalize is not None and rules.normalize("rum & tea", "en-029") == "rum and tea"
    network = build_discriminator(DISCRIMINATORS["short"].config_class(channels=4))  # type: ignore[call-arg]
    (output,) = network(torch.zeros(2, 1, 400))
    assert (output.logits.shape, output.features[0].shape) == ((2, 100), (2, 4, 100))
    schedule = build_schedule(ScheduleConfig(kind="triangle", settings={"peak": 4}))
    assert [schedule.factor(Place(step, 0, 9)) for step in (0, 2, 4, 8)] == [0, 0.5, 1, 0]
