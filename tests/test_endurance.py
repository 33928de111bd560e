"""A long text in flat memory, at a tiny size; `python -m tests.endurance` is the real thing."""

from __future__ import annotations

from pathlib import Path

from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.pipeline import HierSpeechPipeline
from tests import endurance
from tests.models.tts.hierspeechpp.tiny_bundle import voice, write_tiny_bundle


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    networks = Networks.load(write_tiny_bundle(tmp_path / "tiny"))
    prompt = HierSpeechPipeline(networks).voice((voice(1.0), 16000))
    lines: list[str] = []
    controls = HierSpeechControls(scaling="none")
    moments = endurance.report(networks, prompt, controls, number=16, every=1.0, times=1, say=lines.append)
    assert moments[-1].audio > 5 and moments[0].audio < 1  # the first audio does not wait for the text
    early = max(moment.resident for moment in moments[: len(moments) // 3])
    assert moments[-1].resident < early + 60e6
    assert [line.split(":")[0] for line in lines[-2:]] == ["elapsed", "computed"]


def test_the_command_refuses_a_folder_without_a_model(tmp_path: Path) -> None:
    import typer
    from typer.testing import CliRunner

    app = typer.Typer()
    app.command()(endurance.main)
    done = CliRunner().invoke(app, [str(tmp_path)])
    assert done.exit_code == 2 and done.exception is not None
