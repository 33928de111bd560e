"""The page in a real browser, with a fake microphone."""

from __future__ import annotations

import io
import re
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
import uvicorn

import hiervox
from hiervox.bins.serving.app import make_app
from hiervox.bins.serving.engine import Engine
from hiervox.models.base.pipelines.voice_store import voice_names
from hiervox.processors.audio import decode_audio
from tests.bins.serving.test_recordings import FILE, encoded
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

pytest.importorskip("gradio", reason="needs the extra web")
sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra dev")
from hiervox.bins.serving.page import mount_page  # noqa: E402
from hiervox.bins.serving.page_controls import given_of, inputs_of  # noqa: E402
from hiervox.models.base.pipelines.controls import ProsodyControls  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MOST_MS = 60_000
browser_needed = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


class Opened:
    def __init__(self, engine: Engine, address: str, page: Any) -> None:
        self.engine, self.address, self.page = engine, address, page

    def tab(self, name: str) -> Any:
        self.page.get_by_role("tab", name=name, exact=True).click()
        return self.page.get_by_role("tabpanel").filter(visible=True)

    def upload(self, panel: Any, data: bytes) -> None:
        """Give the tab's recording, in place of the last one."""
        recorder = panel.get_by_test_id("waveform-Recording")
        if recorder.get_by_label("Clear").count():
            recorder.get_by_label("Clear").click()
        file = {"name": "me.wav", "mimeType": "audio/wav", "buffer": data}
        recorder.locator("input[type=file]").set_input_files(file)
        sync_api.expect(recorder.get_by_label("Clear")).to_be_visible()

    def made(self, panel: Any, button: str) -> tuple[np.ndarray, int]:
        """The sound behind a click, another one than the last."""
        link = panel.locator("a[download]").last
        before = link.get_attribute("href") if link.count() else "none"
        panel.get_by_role("button", name=button, exact=True).click()
        new = re.compile(f"^(?!{re.escape(str(before))}$).*file=")
        sync_api.expect(link).to_have_attribute("href", new)
        sync_api.expect(panel.get_by_role("status").first).to_have_text(re.compile("made in"))
        data = httpx.get(link.get_attribute("href")).content
        return soundfile.read(io.BytesIO(data), dtype="float32")

    def problem(self, panel: Any, button: str) -> str:
        panel.get_by_role("button", name=button, exact=True).click()
        alert = panel.get_by_role("alert").first
        sync_api.expect(alert).to_be_visible()
        return str(alert.text_content())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("page")
    write_tiny_mp_senet(write_tiny_bundle(folder / "tiny") / "mp_senet")
    spoken = folder / "microphone.wav"
    soundfile.write(spoken, np.tile(voice(1.0), 20), SAMPLE_RATE, subtype="PCM_16")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HIERVOX_HOME", str(folder / "home"))
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "files"))
        engine = Engine(["box", str(folder / "tiny")], "cpu")
        app = make_app(engine, allow_voices=True)
        mount_page(app, engine, app.state.metrics)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
            assert thread.is_alive()
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        flags = [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={spoken}",
            "--no-sandbox",
        ]
        with sync_api.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
            page = browser.new_page()
            page.set_default_timeout(MOST_MS)
            sync_api.expect.set_options(timeout=MOST_MS)
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(address)
            yield Opened(engine, address, page)
            browser.close()
        assert asked and [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
        server.should_exit = True
        thread.join(20)
        assert engine.in_flight == 0


@browser_needed
def test_a_text_is_spoken_as_by_the_pipeline(opened: Opened) -> None:
    panel = opened.tab("Speak")
    panel.locator("textarea").first.fill("One sentence. And another.")
    wav, rate = opened.made(panel, "Speak")
    pipeline = hiervox.load("box", device="cpu")
    whole = pipeline.tts("One sentence. And another.", None, pipeline.controls(scaling="none")).wav
    assert rate == pipeline.rate and np.abs(wav - whole.clip(-1, 1)).max() < 1e-4
    panel.get_by_role("button", name="Controls").first.click()
    speed = panel.get_by_label("number input for speed").first
    speed.fill("2")
    speed.press("Tab")
    assert opened.made(panel, "Speak")[0].size < 0.8 * wav.size
    panel.locator("textarea").first.fill("  ")
    assert "write what is to be said" in opened.problem(panel, "Speak")


@browser_needed
def test_a_recording_is_converted_cleaned_and_upsampled(opened: Opened) -> None:
    source = decode_audio(FILE[1], "x", 20)
    engine, tiny = opened.engine, opened.engine.models["tiny"]
    clean = engine.opened(tiny, "enhancement").enhance(*source)[0]
    for name in ("Convert", "Clean", "Upsample"):
        panel = opened.tab(name)
        assert "there is no recording" in opened.problem(panel, name)
        opened.upload(panel, FILE[1])
        wav, rate = opened.made(panel, name)
        assert wav.size / rate == pytest.approx(1, abs=0.1)
        if name == "Clean":
            assert np.abs(wav - clean.clip(-1, 1)).max() < 1e-4
    assert rate == 48_000


@browser_needed
def test_voices_are_saved_recorded_mixed_and_removed(opened: Opened) -> None:
    panel = opened.tab("Voices")
    assert "no recording" in opened.problem(panel, "Save")

    def saved(button: str, said: str) -> None:
        panel.get_by_role("button", name=button, exact=True).click()
        sync_api.expect(panel.get_by_role("status").filter(has_text=said)).to_be_visible()

    panel.get_by_label("Name").first.fill("anna")
    opened.upload(panel, encoded(voice(1.0, 210)))
    saved("Save", "saved anna")
    recorder = panel.get_by_test_id("waveform-Recording")
    recorder.get_by_label("Clear").click()
    recorder.get_by_label("Record audio").click()
    recorder.get_by_role("button", name="Record", exact=True).click()
    opened.page.wait_for_timeout(2_000)
    recorder.get_by_role("button", name="Stop", exact=True).click()
    sync_api.expect(recorder.get_by_role("button", name="Play", exact=True)).to_be_visible()
    opened.page.wait_for_load_state("networkidle")  # the recording is uploaded
    panel.get_by_label("Name").first.fill("bert")
    saved("Save", "saved bert")
    assert voice_names() == ["anna", "bert"]
    assert "is a voice" in opened.problem(panel, "Save")
    panel.get_by_label("Second voice").click()
    opened.page.get_by_role("option", name="bert").click()
    panel.get_by_label("Name").last.fill("both")
    saved("Mix", "saved both")
    saved("Remove", "removed anna")
    assert voice_names() == ["bert", "both"]
    panel = opened.tab("Speak")
    panel.get_by_label("Voice").click()
    sync_api.expect(opened.page.get_by_role("option", name="both")).to_be_visible()
    opened.page.get_by_role("option", name="both").click()


@browser_needed
def test_work_can_be_stopped(opened: Opened) -> None:
    panel = opened.tab("Speak")
    panel.locator("textarea").first.fill("A sentence of a long text. " * 200)
    panel.get_by_role("button", name="Speak", exact=True).click()
    sync_api.expect(panel.get_by_role("status").first).to_have_text(re.compile("are there"))
    panel.get_by_role("button", name="Stop", exact=True).click()
    sync_api.expect(panel.get_by_role("status").first).to_have_text("stopped")
    end = time.monotonic() + 20
    while opened.engine.in_flight and time.monotonic() < end:
        time.sleep(0.05)
    assert opened.engine.in_flight == 0


@browser_needed
def test_a_narrow_screen_needs_no_scrolling_sideways(opened: Opened) -> None:
    size = opened.page.viewport_size
    opened.page.set_viewport_size({"width": 390, "height": 800})
    try:
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        opened.page.set_viewport_size(size)


@browser_needed
def test_other_sites_are_refused(opened: Opened) -> None:
    for headers in ({"Origin": "http://a.b"}, {"Host": "a.b"}):
        assert httpx.get(opened.address, headers=headers).status_code == 403
    assert "default-src 'self'" in httpx.get(opened.address).headers["Content-Security-Policy"]


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
