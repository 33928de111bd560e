"""Tabs that compare, speak many texts, train and look at the installation, in a real browser."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice
from tests.models.vocoder.small import experiment

pytest.importorskip("gradio", reason="needs the extra web")
pytest.importorskip("playwright.sync_api", reason="needs the extra dev")
from hiervox.bins.serving.web.batch import read_rows
from hiervox.bins.serving.web.doors import as_command, as_curl, as_python
from hiervox.bins.serving.web.training import Training
from hiervox.utils.errors import ConfigError, TextError
from tests.bins.serving.web.browser import Opened, needed
from tests.bins.serving.web.trainings import is_of


@needed
def test_sounds_are_compared_blind_and_go_to_a_listening_test(opened: Opened) -> None:
    panel = opened.tab("Compare")
    panel.locator("textarea").first.fill(" ")
    opened.problem(panel, "Compare", "there is no text")
    opened.problem(panel, "To a listening test", "nothing to test")
    panel.locator("textarea").first.fill("Twice.")
    panel.get_by_label("Blind").check()
    opened.said(panel, "Compare", "2 sounds")
    opened.expect(panel.locator("audio")).to_have_count(2)
    assert panel.get_by_text("seed 1112").count() == 0
    opened.click(panel, "Show names")
    opened.expect(panel.get_by_text("box, rowan, seed 1112")).to_be_visible()
    opened.said(panel, "To a listening test", "a page for listeners")
    packed = zipfile.ZipFile(io.BytesIO(opened.fetched(panel.get_by_role("link", name="Listening test"))))
    assert {"A.wav", "B.wav", "test.html", "test.key.json", "table.csv"} == set(packed.namelist())
    (trial,) = json.loads(packed.read("test.key.json"))["trials"].values()
    assert {"box, rowan, seed 1111", "box, rowan, seed 1112"} == set(trial["systems"])
    opened.picture("compare")


@needed
def test_a_batch_is_spoken_row_by_row(opened: Opened) -> None:
    panel = opened.tab("Batch")
    panel.locator("textarea").first.fill(" ")
    opened.problem(panel, "Speak all", "there is no text")
    table = b"name,text,voice\nfirst,One.,\nsecond,Two.,willow\nthird,Three.,nobody\n"
    file = {"name": "rows.csv", "mimeType": "text/csv", "buffer": table}
    panel.locator("input[type=file]").first.set_input_files(file)
    opened.expect(panel.get_by_text("rows")).to_be_visible()
    opened.said(panel, "Speak all", "2 of 3 are there")
    opened.expect(panel.get_by_text("no voice 'nobody'")).to_be_visible()
    packed = zipfile.ZipFile(io.BytesIO(opened.fetched(panel.get_by_role("link", name="All sounds"))))
    assert set(packed.namelist()) == {"first.wav", "second.wav", "table.csv"}
    assert soundfile.info(io.BytesIO(packed.read("second.wav"))).duration > 0.3
    opened.picture("batch")
    panel.get_by_label("Remove", exact=False).or_(panel.get_by_label("Clear")).first.click()
    panel.locator("textarea").first.fill("A line that takes a while to be spoken.\n" * 40)
    opened.click(panel, "Speak all")
    opened.said(panel, "Stop", "stopped")


@needed
def test_a_table_becomes_a_training_that_survives_a_reload(opened: Opened, tmp_path: Path) -> None:
    lines = ["audio,text,speaker,language"]
    for number in range(4):
        soundfile.write(tmp_path / f"{number}.wav", voice(1.5, 100 + 20 * number), SAMPLE_RATE)
        lines.append(f"{number}.wav,some words,anna,en-us")
    soundfile.write(tmp_path / "silent.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    (tmp_path / "table.csv").write_text("\n".join([*lines, "silent.wav,no words,anna,en-us"]))
    tree = experiment("hifigan").model_dump(mode="json", exclude_unset=True)
    (tmp_path / "small.json5").write_text(
        json.dumps({name: tree[name] for name in tree if name != "out_dir"})
    )
    panel = opened.tab("Train")
    name = panel.get_by_label("Training")
    name.fill("mine")
    name.press("Enter")
    opened.problem(panel, "Check the recordings", "no table is named")
    panel.get_by_label("Table").fill(str(tmp_path / "table.csv"))
    opened.said(panel, "Check the recordings", "4 utterances are good")
    opened.expect(panel.get_by_role("cell", name="silent", exact=True).first).to_be_visible()
    panel.get_by_role("button", name="Config").first.click()
    panel.get_by_label("System and part").click()
    opened.page.get_by_role("option", name="hifigan/hifigan", exact=True).click()
    panel.get_by_label("Config to begin with").fill(str(tmp_path / "small.json5"))
    panel.get_by_label("max steps").fill("1000000")
    keys = "train.log_every=1\ntrain.validate_every=2\ntrain.save_every=2"
    panel.get_by_label("Further keys").fill(keys)
    panel.get_by_label("Device").fill("cpu")
    opened.said(panel, "Train", "it has begun")
    opened.page.reload()
    panel = opened.tab("Train")
    opened.expect(panel.get_by_label("Training")).to_have_value("mine")
    opened.expect(panel.get_by_text("mine is under way")).to_be_visible()
    opened.expect(panel.get_by_role("img", name="Losses of mine")).to_be_visible()
    opened.picture("train")
    opened.said(panel, "Stop", "it saves, and ends")
    opened.expect(panel.get_by_text("mine is not under way")).to_be_visible()
    last = json.loads((Training("mine").run / "checkpoints" / "last.json").read_text())["folder"]
    opened.said(panel, "Resume", "it goes on")
    opened.expect(panel.get_by_text("mine is under way")).to_be_visible()
    opened.said(panel, "Stop", "it saves, and ends")
    opened.expect(panel.get_by_text("mine is not under way")).to_be_visible()
    assert json.loads((Training("mine").run / "checkpoints" / "last.json").read_text())["folder"] >= last
    opened.problem(panel, "Train", "was begun before")


BEGUN = """
import json, subprocess, sys, time
from pathlib import Path
from tests.bins.serving.web.trainings import ended_with_test

folder = Path(sys.argv[1])
with ended_with_test(folder):
    waiting = [sys.executable, "-c", "import time; time.sleep(60)", str(folder / "mine")]
    process = subprocess.Popen(waiting, start_new_session=True)
    (folder / "mine" / "process.json").write_text(json.dumps({"pid": process.pid}))
    print(process.pid, flush=True)
    time.sleep(60)
"""


def test_a_training_ends_with_a_test_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    command = [sys.executable, "-c", BEGUN, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        training = int(test.stdout.readline())
        assert is_of(tmp_path / "mine", training)
        test.kill()
    end = time.monotonic() + 20
    while is_of(tmp_path / "mine", training) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_of(tmp_path / "mine", training)


@needed
def test_the_system_tab_tells_of_models_queue_and_installation(opened: Opened) -> None:
    panel = opened.tab("System")
    opened.expect(panel.get_by_text("0 of 64 requests")).to_be_visible()
    opened.expect(panel.get_by_role("cell", name="tiny").first).to_be_visible()
    opened.click(panel, "Look at the installation")
    opened.expect(panel.get_by_role("cell", name="espeak-ng")).to_be_visible()
    opened.picture("system")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hiervox.bins.serving.web.system.fetch", _no_network)
        opened.problem(panel, "Fetch", "no network")


def _no_network(*_: object) -> None:
    raise ConfigError("there is no network", "connect this machine")


def test_rows_of_a_batch(tmp_path: Path) -> None:
    assert [row.name for row in read_rows("One.\n\nThree.", None)] == ["0001", "0003"]
    file = tmp_path / "rows.tsv"
    file.write_text("text\tname\nOne.\t../../one.wav\n")
    assert [row.name for row in read_rows("", str(file))] == ["one"]
    file.write_text("words\nOne.\n")
    with pytest.raises(ConfigError, match="no column 'text'"):
        read_rows("", str(file))
    file.write_text("text\tname\nOne.\ta\nTwo.\ta\n")
    with pytest.raises(ConfigError, match="two rows have one name"):
        read_rows("", str(file))
    with pytest.raises(TextError, match="no text"):
        read_rows(" \n", None)


def test_a_training_needs_a_name_recordings_and_a_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="can be called"):
        Training("../x")
    training = Training("mine")
    with pytest.raises(ConfigError, match="no recordings"):
        training.begin({}, [], "cpu")
    with pytest.raises(ConfigError, match="was not begun"):
        training.resume()
    training.folder.mkdir(parents=True)
    (training.folder / "process.json").write_text(json.dumps({"pid": os.getpid()}))
    assert training.is_running and training.said() == "" and training.samples() == []


def test_doors_quote_what_the_text_holds() -> None:
    asked = ('It\'s "so" $HOME.', "box", "willow", False, {"speed": 1.5, "noise_scale": 0.5})
    command = as_command(*asked)
    assert command.startswith("""hiervox tts 'It'"'"'s "so" $HOME.' --model box --voice willow --speed 1.5""")
    assert "--control noise_scale=0.5" in command
    compile(as_python(*asked), "door", "exec")
    assert "/v1/audio/voices" not in as_curl(*asked) and '"speed": 1.5' in as_curl(*asked)
    assert "/v1/audio/voices" in as_curl(*asked[:3], True, {}) and "--prompt voice.wav" in as_command(
        *asked[:3], True, {}
    )
