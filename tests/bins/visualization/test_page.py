"""A page of two conditions and a map of voices, opened in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.command_line import run
from tests.evaluation.browser import chromium, watch
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.models.tts.matcha_tts.tiny_matcha_tts import write_matcha_tts

MOST_MS = 20_000


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page, which asks for nothing and whose script has no errors."""
    with chromium() as browser:
        folder = tmp_path_factory.mktemp("page")
        write_matcha_tts(folder / "matcha", "reference")
        for name, pitch in (("ada", 200.0), ("bob", 110.0), ("eve", 160.0)):
            (folder / "voices").mkdir(exist_ok=True)
            soundfile.write(folder / "voices" / f"{name}.wav", voice(1.0, pitch), 16_000)
        ada, bob = (str(folder / "voices" / f"{name}.wav") for name in ("ada", "bob"))
        file = folder / "page.html"
        words = ("visualize", str(folder / "matcha"), "Hello there.", "-o", str(file), "--device", "cpu")
        conditions = ("--prompt", ada, "--beside-prompt", bob, "--control", "steps=2")
        run(*words, *conditions, "--voices", str(folder / "voices"))
        page = browser.new_page()
        page.set_default_timeout(MOST_MS)
        faults = watch(page)
        page.goto(Path(file).as_uri())
        yield page
        assert not faults


def section(page: Any, name: str) -> Any:
    return page.locator("section").filter(has=page.get_by_role("heading", name=name, exact=True))


def shown(part: Any) -> tuple[list[str], list[str]]:
    """The pictures and the sounds of a section."""
    pictures = part.locator(".wide img")
    sounds = part.locator("audio[src]")
    return (
        [str(picture.get_attribute("src")) for picture in pictures.all()],
        [str(sound.get_attribute("src")) for sound in sounds.all()],
    )


def test_the_slider_changes_picture_and_sound(opened: Any) -> None:
    part = section(opened, "flow of 10 channels")
    slider = part.get_by_role("slider")
    before = shown(part)
    assert len(before[0]) == 3 and len(before[1]) == 2  # two conditions and their difference
    assert part.locator("output").inner_text() == "step 2 of 2"
    slider.focus()
    opened.keyboard.press("ArrowLeft")
    assert part.locator("output").inner_text() == "step 1 of 2"
    after = shown(part)
    assert not set(before[0]) & set(after[0]) and not set(before[1]) & set(after[1])
    assert part.locator(".wide img").evaluate_all(
        "images => images.every(one => one.decode && one.naturalWidth)"
    )
    audio = part.locator("audio").first
    audio.evaluate("audio => audio.play()")
    opened.wait_for_function("audio => audio.currentTime > 0", arg=audio.element_handle(), timeout=MOST_MS)
    assert audio.evaluate("audio => audio.duration") > 0.05
    assert "log-mel distance (dB)" in part.locator("dl").first.inner_text()


def test_a_click_on_a_voice_plays_it(opened: Any) -> None:
    part = section(opened, "voices")
    names = part.get_by_role("button")
    assert sorted(str(name.get_attribute("aria-label")) for name in names.all()) == [
        "Hear ada",
        "Hear bob",
        "Hear eve",
    ]
    sounds = set()
    for name in ("ada", "bob"):
        part.get_by_role("button", name=f"Hear {name}").click()
        assert part.locator("output").inner_text() == name
        sounds.add(part.locator("audio").get_attribute("src"))
    assert len(sounds) == 2
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert part.locator("output").inner_text() == "eve"


def test_a_narrow_screen_needs_no_scrolling_sideways(opened: Any) -> None:
    opened.set_viewport_size({"width": 390, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.set_viewport_size({"width": 1280, "height": 720})
