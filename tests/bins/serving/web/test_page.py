"""Tabs that make a sound, in a real browser."""

from __future__ import annotations

import json
import re
import time

import httpx
import numpy as np
import pytest

import hiervox
from hiervox.models.base.pipelines.controls import ProsodyControls
from hiervox.models.base.pipelines.voice_store import voice_names
from hiervox.processors.audio import decode_audio
from tests.bins.serving.test_recordings import FILE, encoded
from tests.models.tts.hierspeechpp.tiny_bundle import voice

pytest.importorskip("gradio", reason="needs the extra web")
pytest.importorskip("playwright.sync_api", reason="needs the extra dev")
from hiervox.bins.serving.web.controls import given_of, inputs_of
from tests.bins.serving.web.browser import NARROW, Opened, needed

FIRST_SOUND_SECONDS = 3.0
HEARD = "() => document.querySelector('audio[autoplay]')?.currentTime > 0"
TABS = ("Speak", "Convert", "Voices", "Compare", "Batch", "Restore", "Train", "System")
BEYOND = """(panel, width) => [...panel.querySelectorAll('button, input, textarea, audio, img, label, p')]
    .filter(each => each.checkVisibility() && !each.closest('.wide'))
    .filter(each => each.getBoundingClientRect().right > width || each.getBoundingClientRect().left < 0)
    .map(each => each.outerHTML.slice(0, 200))"""
"""What of a panel is not within the width; wide tables scroll by themselves."""
TWO = "One sentence. And another, of 12 words."


@needed
def test_a_text_is_spoken_as_by_the_pipeline(opened: Opened) -> None:
    panel = opened.tab("Speak")
    panel.locator("textarea").first.fill(TWO)
    wav, rate = opened.made(panel, "Speak")
    pipeline = hiervox.load("box", device="cpu")
    whole = pipeline.tts(TWO, None, pipeline.controls(scaling="none")).wav
    assert rate == pipeline.rate and np.abs(wav - whole.clip(-1, 1)).max() < 1e-4
    opened.expect(panel.get_by_role("img", name="Spectrogram, F0, words and phonemes")).to_be_visible()
    subtitles = opened.fetched(panel.get_by_text("Subtitles (srt)")).decode()
    assert "of 12 words." in subtitles and subtitles.startswith("1\n00:00:00,")
    words = json.loads(opened.fetched(panel.get_by_text("Subtitles (json)")))["sentences"][1]["words"]
    twelve = next(word for word in words if word["text"].startswith("twelve"))
    assert TWO[twelve["offset"] :][: twelve["length"]] == "12" and twelve["end"] > twelve["start"] > 0.5
    assert json.loads(opened.fetched(panel.get_by_role("link", name="Record")))["text"] == TWO
    panel.get_by_role("button", name="The same by other doors").click()
    opened.expect(panel.get_by_text("pipeline.tts(")).to_be_visible()
    opened.picture("speak")


@needed
def test_the_first_sound_is_soon_there(opened: Opened) -> None:
    panel = opened.tab("Speak")
    panel.locator("textarea").first.fill("A sentence of a long text, which goes on. " * 20)
    waited = []
    for _ in range(2):
        begun = time.monotonic()
        opened.click(panel, "Speak")
        opened.expect(panel.get_by_role("status").first).to_have_text(re.compile("begins|are there"))
        opened.page.wait_for_function(HEARD)
        waited.append(time.monotonic() - begun)
        opened.click(panel, "Stop")
        opened.expect(panel.get_by_role("status").first).to_have_text("stopped")
    assert min(waited) < FIRST_SOUND_SECONDS


@needed
def test_controls_seeds_mistakes_and_the_history(opened: Opened) -> None:
    panel = opened.tab("Speak")
    panel.locator("textarea").first.fill("Once.")
    wav, _ = opened.made(panel, "Speak")
    panel.get_by_role("button", name="Controls").first.click()
    speed = panel.get_by_label("number input for speed").first
    speed.fill("2")
    speed.press("Tab")
    assert opened.made(panel, "Speak")[0].size < 0.8 * wav.size
    seed = panel.get_by_label("seed").filter(visible=True).first
    before = seed.input_value()
    panel.get_by_label("Keep the seed").uncheck()
    opened.made(panel, "Speak")
    assert seed.input_value() != before
    panel.get_by_role("button", name="History").click()
    opened.expect(panel.get_by_role("listitem").first).to_contain_text(
        f"Once. rowan, box, seed {seed.input_value()}"
    )
    panel.locator("textarea").first.fill("  ")
    opened.problem(panel, "Speak", "write what is to be said")


@needed
def test_a_recording_is_converted(opened: Opened) -> None:
    panel = opened.tab("Convert")
    opened.problem(panel, "Convert", "there is no recording")
    opened.upload(panel, FILE[1])
    wav, rate = opened.made(panel, "Convert")
    assert wav.size / rate == pytest.approx(1, abs=0.1)
    opened.expect(panel.get_by_role("img", name="Spectrogram of the result, F0 of both")).to_be_visible()
    opened.expect(panel.get_by_role("status").first).to_have_text(
        re.compile(
            r"similarity \(cosine\) -?\d\.\d\d with the source, -?\d\.\d\d with the voice asked for|not known"
        )
    )
    opened.picture("convert")


@needed
def test_a_recording_is_cleaned_and_upsampled(opened: Opened) -> None:
    source = decode_audio(FILE[1], "x", 20)
    engine, tiny = opened.engine, opened.engine.models["tiny"]
    clean = engine.opened(tiny, "enhancement").enhance(*source)[0]
    panel = opened.tab("Restore")
    opened.problem(panel, "Clean", "there is no recording")
    opened.upload(panel, FILE[1])
    wav, _ = opened.made(panel, "Clean")
    assert np.abs(wav - clean.clip(-1, 1)).max() < 1e-4
    wide, rate = opened.made(panel, "Upsample")
    assert rate == 48_000 and wide.size / rate == pytest.approx(1, abs=0.1)
    for when in ("before", "after"):
        opened.expect(panel.get_by_role("img", name=f"Spectrogram {when}")).to_be_visible()
    opened.picture("restore")


@needed
def test_voices_are_checked_saved_recorded_mixed_heard_renamed_and_removed(opened: Opened) -> None:
    panel = opened.tab("Voices")
    opened.problem(panel, "Save", "no recording")
    panel.get_by_role("textbox", name=re.compile("^Name")).first.fill("anna")
    opened.upload(panel, encoded(voice(1.0, 210)))
    opened.said(panel, "Check", "dBFS")
    opened.said(panel, "Save", "saved anna")
    recorder = panel.get_by_test_id("waveform-Recording")
    recorder.get_by_label("Clear").click()
    recorder.get_by_label("Record audio").click()
    recorder.get_by_role("button", name="Record", exact=True).click()
    opened.page.wait_for_timeout(2_000)
    recorder.get_by_role("button", name="Stop", exact=True).click()
    opened.expect(recorder.get_by_role("button", name="Play", exact=True)).to_be_visible()
    opened.page.wait_for_timeout(1_000)  # the recording is uploaded
    panel.get_by_role("textbox", name=re.compile("^Name")).first.fill("bert")
    opened.said(panel, "Save", "saved bert")
    assert voice_names() == ["anna", "bert"]
    opened.problem(panel, "Save", "is a voice")
    panel.get_by_role("textbox", name=re.compile("^Name")).last.fill("both")
    opened.said(panel, "Mix", "saved both")
    opened.said(panel, "Preview", "made in")
    panel.get_by_label("New name").fill("carla")
    opened.said(panel, "Rename", "anna is called carla now")
    opened.expect(panel.get_by_label("Saved voice")).to_have_value("bert")
    opened.picture("voices")
    opened.said(panel, "Remove", "removed bert")
    assert voice_names() == ["both", "carla"]
    panel = opened.tab("Speak")
    panel.get_by_label("Voice", exact=True).click()
    opened.page.get_by_role("option", name="both").click()


@needed
def test_ten_minutes_are_taken_on_and_can_be_stopped(opened: Opened) -> None:
    panel = opened.tab("Speak")
    panel.locator("textarea").first.fill(
        "A sentence of a long text, which goes on for some more words. " * 170
    )
    opened.click(panel, "Speak")
    opened.expect(panel.get_by_role("status").first).to_have_text(re.compile(r"\d\d\.\d s are there"))
    opened.said(panel, "Stop", "stopped")
    end = time.monotonic() + 20
    while opened.engine.in_flight and time.monotonic() < end:
        time.sleep(0.05)
    assert opened.engine.in_flight == 0


@needed
@pytest.mark.parametrize("name", TABS)
def test_each_tab_fits_a_phone(opened: Opened, name: str) -> None:
    assert [tab.inner_text() for tab in opened.page.get_by_role("tab").all()] == list(TABS)
    with opened.narrow():
        panel = opened.tab(name)
        folded = panel.locator("button.label-wrap:not(.open)").filter(visible=True)
        while folded.count():
            folded.first.click()
        opened.expect(panel.get_by_role("button").first).to_be_visible()
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= NARROW
        assert panel.evaluate(BEYOND, NARROW) == []


@needed
def test_keyboard_darkness_and_narrow_screens(opened: Opened) -> None:
    opened.tab("Speak").locator("textarea").first.focus()
    for _ in range(40):
        opened.page.keyboard.press("Tab")
        if opened.page.evaluate("document.activeElement.textContent.trim()") == "Speak":
            break
    else:
        raise AssertionError("the button can't be reached by keyboard")
    with opened.narrow():
        opened.picture("narrow")
        opened.page.evaluate("document.body.classList.add('dark')")
        try:
            dark = opened.page.evaluate(
                "getComputedStyle(document.querySelector('.gradio-container')).backgroundColor"
            )
            assert max(map(int, re.findall(r"\d+", dark)[:3])) < 60
            opened.picture("dark")
        finally:
            opened.page.evaluate("document.body.classList.remove('dark')")


@needed
def test_other_sites_are_refused(opened: Opened) -> None:
    for headers in ({"Origin": "http://a.b"}, {"Host": "a.b"}):
        assert httpx.get(opened.address, headers=headers).status_code == 403
    assert "default-src 'self'" in httpx.get(opened.address).headers["Content-Security-Policy"]
    assert httpx.get(f"{opened.address}/page/files/x/speech.wav").status_code == 404


def test_inputs_follow_the_control_model() -> None:
    import gradio

    with gradio.Blocks():
        inputs = inputs_of(ProsodyControls)
    assert list(inputs) == [name for name in ProsodyControls.model_fields if name != "scaling"]
    assert isinstance(inputs["speed"], gradio.Slider) and inputs["speed"].maximum == 10
    assert isinstance(inputs["seed"], gradio.Number) and inputs["seed"].precision == 0
    assert isinstance(inputs["sentence_pause"], gradio.Textbox) and inputs["sentence_pause"].value == ""
    assert isinstance(inputs["language"], gradio.Textbox)
    values = [each.value for each in inputs.values()]
    assert given_of(ProsodyControls, list(inputs), values) == {}
    changed = [2.0 if name == "speed" else each.value for name, each in inputs.items()]
    assert given_of(ProsodyControls, list(inputs), changed) == {"speed": 2.0}
