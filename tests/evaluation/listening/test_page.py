"""The page of a listening test, answered in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hiervox.bins.listening import listening_app
from hiervox.processors.audio import write_audio
from hiervox.utils.errors import ConfigError
from tests.evaluation.browser import chromium, watch
from tests.evaluation.sounds import SAMPLE_RATE, melody


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("listening")
    lines = ["id,system,audio,text,prompt,reference"]
    for number in range(2):
        for system, scale in (("secret_a", 1.0), ("secret_b", 1.3), ("spoken", 1.1)):
            write_audio(folder / f"{system}{number}.wav", melody(scale=scale, seconds=0.3), SAMPLE_RATE)
            if system != "spoken":
                rest = f"sentence {number},secret_a0.wav,spoken{number}.wav"
                lines.append(f"{number},{system},{system}{number}.wav,{rest}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder / "table.csv"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def run(*arguments: object) -> Any:
    return CliRunner().invoke(listening_app, [str(argument) for argument in arguments])


def make(table: Path, out: Path, kind: str) -> Path:
    result = run("page", "--table", table, "--out", out, "--kind", kind)
    assert result.exit_code == 0, result.output
    return out


def test_the_page_does_not_tell_the_systems(table, tmp_path) -> None:
    page = make(table, tmp_path / "test.html", "smos")
    assert "secret" not in page.read_text(encoding="utf-8")
    assert "secret_b" in (tmp_path / "test.key.json").read_text()
    result = run("page", "--table", table, "--out", page)
    assert isinstance(result.exception, ConfigError) and "exists" in str(result.exception)
    assert isinstance(run("page", "--table", table, "--out", tmp_path / "x").exception, ConfigError)


PLAY = """audio => new Promise((done, failed) => {
    audio.addEventListener("ended", done);
    setTimeout(() => failed(new Error(`at ${audio.currentTime} of ${audio.duration}`)), 10000);
    audio.play();
})"""
"""To the end; an error after ten seconds."""


def answer(page: Any, choose: str) -> str:
    """Listen to the end, choose, go on; the trial's name."""
    trial = page.locator(".trial")
    name = trial.get_attribute("data-trial")
    button = page.locator(f'.scale button[data-value="{choose}"]')
    assert button.is_disabled()
    for audio in page.locator(".sound audio").all():
        audio.evaluate(PLAY)
    button.click()
    page.locator("#next").click()
    return str(name)


def save(page: Any, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#save").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_ratings_reach_a_file_and_the_scores(browser, table, tmp_path) -> None:
    file = make(table, tmp_path / "test.html", "mos")
    page = browser.new_page(viewport={"width": 390, "height": 844})
    faults = watch(page)
    page.goto(file.as_uri())
    page.locator("#listener").fill("Anna B")
    page.locator("#start").click()
    trials = json.loads((tmp_path / "test.key.json").read_text())["trials"]
    for _ in range(len(trials)):
        name = page.locator(".trial").get_attribute("data-trial")
        answer(page, "5" if trials[name]["systems"] == ["secret_a"] else "2")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    answers = save(page, tmp_path)
    page.close()
    assert faults == []
    assert answers.name == "answers-Anna-B.json"
    result = run("score", answers, "--key", tmp_path / "test.key.json", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "| secret_a | 5.00 [5.00, 5.00] | 2 |" in result.output
    assert "| secret_b | 2.00 [2.00, 2.00] | 2 |" in result.output


def test_a_preference_follows_the_recording_whatever_its_side_and_a_reload(browser, table, tmp_path) -> None:
    """Whoever prefers the higher voice prefers secret_b, on either side."""
    file = make(table, tmp_path / "test.html", "ab")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.locator("#listener").fill("b")
    page.locator("#start").click()
    data = json.loads(page.locator("#data").inner_text())
    second = {trial["name"]: trial["sounds"][1] for trial in data["trials"]}
    for _ in range(2):
        name = page.locator(".trial").get_attribute("data-trial")
        on_the_left = page.locator(".sound audio").first.get_attribute("src") == second[name]
        answer(page, "A" if on_the_left else "B")
        page.reload()
    answers = save(page, tmp_path)
    page.close()
    result = run("score", answers, "--key", tmp_path / "test.key.json", "--out", tmp_path / "out")
    assert "| secret_a | secret_b | 0.0 [" in result.output


def start(browser: Any, file: Path, listener: str) -> Any:
    page = browser.new_page()
    page.goto(file.as_uri())
    page.locator("#listener").fill(listener)
    page.locator("#start").click()
    return page


def test_seeking_to_the_end_is_not_hearing(browser, table, tmp_path) -> None:
    page = start(browser, make(table, tmp_path / "test.html", "mos"), "a")
    button = page.locator('.scale button[data-value="3"]')
    audio = page.locator(".sound audio")
    page.wait_for_function("audio => audio.readyState >= 2", arg=audio.element_handle())
    audio.evaluate(
        "audio => { audio.currentTime = audio.duration; audio.dispatchEvent(new Event('ended')); }"
    )
    assert button.is_disabled()
    audio.evaluate("audio => audio.load()")
    audio.evaluate(PLAY)
    assert button.is_enabled()
    page.close()


def test_the_reference_is_heard_before_similarity_is_rated(browser, table, tmp_path) -> None:
    page = start(browser, make(table, tmp_path / "test.html", "smos"), "a")
    button = page.locator('.scale button[data-value="1"]')
    assert "Not at all similar" in button.inner_text()
    reference, recording = page.locator(".sound audio").all()
    recording.evaluate(PLAY)
    assert button.is_disabled()
    reference.evaluate(PLAY)
    assert button.is_enabled()
    page.close()


def test_a_second_listener_in_one_browser_starts_anew(browser, table, tmp_path) -> None:
    page = start(browser, make(table, tmp_path / "test.html", "ab"), "anna")
    answer(page, "A")
    page.reload()
    page.locator("#another").click()
    page.locator("#listener").fill("ben")
    page.locator("#start").click()
    for _ in range(2):
        assert page.locator('.scale button[aria-pressed="true"]').count() == 0
        answer(page, "none")
    ben = save(page, tmp_path)
    page.locator("#another").click()
    page.locator("#listener").fill("anna")
    page.locator("#start").click()
    assert page.locator(".count").inner_text() == "2 of 2"
    answer(page, "B")
    anna = save(page, tmp_path)
    page.close()
    found = [json.loads(file.read_text()) for file in (anna, ben)]
    assert [one["listener"] for one in found] == ["anna", "ben"]
    assert [len(one["answers"]) for one in found] == [2, 2]
    assert {one["value"] for one in found[1]["answers"]} == {"none"}
    assert "none" not in {one["value"] for one in found[0]["answers"]}


def test_mushra_grades_every_system_the_hidden_reference_and_the_anchor(browser, table, tmp_path) -> None:
    page = start(browser, make(table, tmp_path / "test.html", "mushra"), "a")
    faults = watch(page)
    trials = json.loads((tmp_path / "test.key.json").read_text())["trials"]
    data = json.loads(page.locator("#data").inner_text())
    sounds = {trial["name"]: trial["sounds"] for trial in data["trials"]}
    grades = {"secret_a": 80, "secret_b": 60, "reference (hidden)": 100, "anchor (3.5 kHz)": 10}
    for _ in range(2):
        name = page.locator(".trial").get_attribute("data-trial")
        assert page.locator(".slider input").count() == 4
        players = page.locator(".sound audio").all()
        assert len(players) == 5
        for player in players:
            assert page.locator(".slider input").first.is_disabled()
            player.evaluate(PLAY)
        heard = [player.get_attribute("src") for player in players[1:]]
        system_of = dict(zip(sounds[name], trials[name]["systems"], strict=True))
        for slider, sound in zip(page.locator(".slider input").all(), heard, strict=True):
            assert page.locator("#next").is_disabled()
            slider.fill(str(grades[system_of[sound]]))
        page.locator("#next").click()
    answers = save(page, tmp_path)
    page.close()
    assert faults == []
    result = run("score", answers, "--key", tmp_path / "test.key.json", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "| secret_b | 60.00 [60.00, 60.00] | 2 |" in result.output
    assert "| anchor (3.5 kHz) | 10.00 [10.00, 10.00] | 2 |" in result.output
    assert "| system | MUSHRA ↑ | ratings |" in result.output
