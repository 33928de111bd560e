"""The page in a real browser, with a fake microphone: one server and one browser for the tests of a file."""

from __future__ import annotations

import io
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
import uvicorn

from hiervox.bins.serving.app import make_app
from hiervox.bins.serving.engine import Engine
from tests.bins.serving.web.trainings import ended_with_test
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MOST_MS = 90_000
PICTURES = os.environ.get("HIERVOX_PAGE_PICTURES")
"""A folder that gets a picture of each tab, for the docs."""
WIDTH, HEIGHT, NARROW = 1000, 900, 390
needed = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


class Opened:
    """A page.

    Attributes:
        engine: of its server.
        address: of its server.
        page: playwright's.
        expect: playwright's.
    """

    def __init__(self, engine: Engine, address: str, page: Any, expect: Any) -> None:
        self.engine, self.address, self.page, self.expect = engine, address, page, expect
        self._is_narrow = False

    def tab(self, name: str) -> Any:
        """Open a tab, which may be behind the button of those that have no room; its panel."""
        tab = self.page.get_by_role("tab", name=name, exact=True)
        if self._is_narrow and tab.count() == 0:
            self.page.get_by_role("button", name="More tabs").click()
            tab = self.page.locator(".overflow-dropdown").get_by_role("button", name=name, exact=True)
        tab.click()
        return self.page.get_by_role("tabpanel").filter(visible=True)

    @contextmanager
    def narrow(self) -> Iterator[None]:
        """The page as wide as a phone for a while."""
        others = self.page.get_by_role("button", name="More tabs")
        self.page.set_viewport_size({"width": NARROW, "height": 800})
        try:
            self.expect(others).to_be_visible()
            self._is_narrow = True
            yield
        finally:
            self._is_narrow = False
            self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            self.expect(others).to_be_hidden()

    def upload(self, panel: Any, data: bytes) -> None:
        """Give the tab's recording, in place of the last one."""
        recorder = panel.get_by_test_id("waveform-Recording")
        if recorder.get_by_label("Clear").count():
            recorder.get_by_label("Clear").click()
        file = {"name": "me.wav", "mimeType": "audio/wav", "buffer": data}
        recorder.locator("input[type=file]").set_input_files(file)
        self.expect(recorder.get_by_label("Clear")).to_be_visible()

    def click(self, panel: Any, button: str) -> None:
        """Press a button."""
        panel.get_by_role("button", name=button, exact=True).click()

    def made(self, panel: Any, button: str) -> tuple[np.ndarray, int]:
        """The sound behind a click, another one than the last."""
        sound = panel.get_by_text("Sound (WAV)")
        before = sound.get_attribute("href") if sound.count() else "none"
        self.click(panel, button)
        self.expect(sound).to_have_attribute("href", re.compile(f"^(?!{re.escape(str(before))}$).*files"))
        self.expect(panel.get_by_role("status").first).to_have_text(re.compile("made in"))
        return soundfile.read(io.BytesIO(self.fetched(sound)), dtype="float32")

    def fetched(self, link: Any) -> bytes:
        """What a link leads to."""
        answer = httpx.get(self.address + link.get_attribute("href"))
        assert answer.status_code == 200
        return answer.content

    def said(self, panel: Any, button: str, text: str) -> None:
        """Press a button and wait until a state says something."""
        self.click(panel, button)
        self.expect(panel.get_by_role("status").filter(has_text=text).first).to_be_visible()

    def problem(self, panel: Any, button: str, text: str) -> None:
        """Press a button and wait until the alert says what is wrong; it may still say what was before."""
        self.click(panel, button)
        self.expect(panel.get_by_role("alert").first).to_contain_text(text)

    def picture(self, name: str) -> None:
        """Keep a picture of the tab, where a folder for such is named."""
        if PICTURES:
            self.page.wait_for_timeout(500)
            self.page.evaluate("window.scrollTo(0, 0)")
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@contextmanager
def opened_page(folder: Path) -> Iterator[Opened]:
    """A server with the default voice and a tiny model that has all networks, in a browser."""
    from playwright.sync_api import expect, sync_playwright

    from hiervox.bins.serving.web.page import mount_page

    write_tiny_mp_senet(write_tiny_bundle(folder / "tiny") / "mp_senet")
    spoken = folder / "microphone.wav"
    soundfile.write(spoken, np.tile(voice(1.0), 20), SAMPLE_RATE, subtype="PCM_16")
    with pytest.MonkeyPatch.context() as patch, ended_with_test(folder / "home" / "training"):
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
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.set_default_timeout(MOST_MS)
            expect.set_options(timeout=MOST_MS)
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(address)
            expect(page.get_by_label("Voice", exact=True).first).not_to_have_value("")
            yield Opened(engine, address, page, expect)
            browser.close()
        assert asked and [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
        server.should_exit = True
        thread.join(20)
        assert engine.in_flight == 0
