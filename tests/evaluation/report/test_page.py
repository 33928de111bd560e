"""The page of a report, opened in Chromium."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from hiervox.evaluation.metrics.energy import EnergyCorrelation
from hiervox.evaluation.metrics.f0 import PitchCorrelation
from hiervox.evaluation.recordings import Recordings
from hiervox.evaluation.report import PAGE_NAME
from hiervox.evaluation.report.media import recording, sound_uri, spectrogram
from hiervox.evaluation.report.page import page_data
from hiervox.evaluation.run import evaluate
from hiervox.processors.audio import write_audio
from hiervox.utils.plots import levels_uri
from tests.evaluation.browser import chromium, watch
from tests.evaluation.sounds import SAMPLE_RATE, melody

HOSTILE = '</script><b id="planted">&amp; {{script}}'


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """Of ground truth, a good and a bad system, twelve sentences each."""
    folder = tmp_path_factory.mktemp("report")
    lines = ["id,system,audio,text,reference"]
    rng = np.random.default_rng(0)
    for number in range(12):
        for system, noise in (("bad", 0.3), ("ground_truth", 0.0), ("good", 0.03)):
            wav = melody(seconds=0.4, scale=1 + number / 40)
            wav = 0.5 * np.clip(wav + noise * rng.normal(size=wav.size) * (1 + number / 12), -1, 1)
            write_audio(folder / f"{system}{number}.wav", wav.astype(np.float32), SAMPLE_RATE)
            text = HOSTILE.replace('"', '""') if number == 3 else f"sentence {number}"
            lines.append(f'{number},{system},{system}{number}.wav,"{text}",ground_truth{number}.wav')
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    evaluate(folder / "table.csv", folder / "out", [EnergyCorrelation(), PitchCorrelation()], {"x": "no x"})
    return folder / "out" / PAGE_NAME


def test_the_page_names_nothing_outside_itself(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    markup = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', markup)
    assert set(re.findall(r"https?://[^\"' )]+", markup)) <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in markup and "fetch(" not in markup
    assert 'id="planted"' not in text


def test_a_large_page_holds_the_first_and_the_worst_recordings(report: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("hiervox.evaluation.report.page.FIRST_SENTENCES", 1)
    monkeypatch.setattr("hiervox.evaluation.report.page.WORST", 1)
    table = report.parent.parent / "table.csv"
    results = evaluate(table, tmp_path, [EnergyCorrelation()], players="none")
    assert results is not None
    sentences = page_data(results, "none")["sentences"]
    held = {one["id"] for one in sentences if "picture" in one["recordings"]["bad"]}
    assert "0" in held and 2 <= len(held) < 8
    worst = max(sentences, key=lambda one: one["recordings"]["bad"]["scores"]["energy_rmse"])
    assert worst["id"] in held
    assert all("energy_rmse" in one["recordings"]["good"]["scores"] for one in sentences)


def test_a_tone_is_bright_at_its_frequency() -> None:
    tone = np.sin(2 * np.pi * 2000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    levels, top = spectrogram(tone, SAMPLE_RATE)
    assert top == 8000 and levels.shape[0] == 128
    rows = levels[:, 20].astype(int)
    assert rows.argmax() == pytest.approx(128 * (1 - 2000 / 8000), abs=1)
    assert rows[10] == 0


def test_spectrograms_reach_the_nyquist_frequency() -> None:
    rate = 48000
    tone = np.sin(2 * np.pi * 20000 * np.arange(rate) / rate).astype(np.float32)
    levels, top = spectrogram(tone, rate)
    assert top == 24000
    assert levels[:, 20].argmax() == pytest.approx(128 * (1 - 20000 / 24000), abs=1)


def test_pictures_are_png_and_sounds_are_what_was_recorded() -> None:
    import base64
    import io

    import soundfile
    from PIL import Image

    levels = np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4)
    picture = Image.open(io.BytesIO(base64.b64decode(levels_uri(levels).partition(",")[2])))
    assert picture.mode == "P" and (np.array(picture) == levels).all()
    lightness = np.array(picture.convert("L")).astype(int).ravel()
    assert (np.diff(lightness) > 0).all()  # louder is lighter, also for those who see no colours
    wav = melody(seconds=0.3)
    content = base64.b64decode(sound_uri(wav, 16000, "flac").partition(",")[2])
    heard, rate = soundfile.read(io.BytesIO(content))
    assert rate == 16000 and heard == pytest.approx(wav, abs=1e-4)
    assert sound_uri(wav, 16000, "mp3").startswith("data:audio/mpeg;base64,")
    assert sound_uri(wav, 16000, "none") == ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    """The page; an error in its script, or a request to anywhere, fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    faults = watch(page)
    page.goto(report.as_uri())
    yield page
    page.close()
    assert faults == []


def systems(page: Any) -> list[str]:
    return page.eval_on_selector_all("#summary tbody tr", "rows => rows.map(row => row.dataset.system)")


def test_columns_sort_up_and_down(page: Any) -> None:
    assert systems(page) == ["ground_truth", "bad", "good"]
    button = page.locator('#summary th[data-key="energy_rmse"] button')
    button.click()
    assert systems(page) == ["ground_truth", "good", "bad"]
    button.click()
    assert systems(page) == ["bad", "good", "ground_truth"]
    page.locator('#summary th[data-key="system"] button').click()
    assert systems(page) == ["bad", "good", "ground_truth"]


def test_players_stand_side_by_side_and_play(page: Any) -> None:
    card = page.locator(".card").first
    assert card.locator("audio").count() == 3
    card.scroll_into_view_if_needed()
    audio = card.locator("audio").nth(1)
    page.wait_for_function("audio => audio.readyState >= 2", arg=audio.element_handle())
    audio.evaluate("audio => audio.play()")
    page.wait_for_function("audio => audio.currentTime > 0.05", arg=audio.element_handle())
    assert audio.evaluate("audio => audio.error") is None
    assert audio.evaluate("audio => audio.duration") == pytest.approx(0.4, abs=0.02)


def test_spectrograms_are_drawn_with_an_f0_line(page: Any) -> None:
    canvas = page.locator(".card canvas").first
    canvas.scroll_into_view_if_needed()
    count = """canvas => {
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        let line = 0;
        for (let at = 0; at < data.length; at += 4) {
            colours.add(data[at] + "," + data[at + 1] + "," + data[at + 2]);
            const away = [93, 242, 214].map((part, channel) => Math.abs(data[at + channel] - part));
            if (Math.max(...away) < 8) line += 1;
        }
        return [colours.size, line];
    }"""
    page.wait_for_function(f"canvas => ({count})(canvas)[0] > 50", arg=canvas.element_handle())
    assert canvas.evaluate(count)[1] > 50


def test_the_worst_ten_and_the_way_to_listen(page: Any) -> None:
    page.locator("#worst-figure").select_option("energy_rmse")
    rows = page.locator("#worst-table tbody tr")
    assert rows.count() == 10
    values = [float(row.locator("td").nth(2).inner_text()) for row in rows.all()]
    assert values == sorted(values, reverse=True)
    assert {row.locator("td").nth(1).inner_text() for row in rows.all()} == {"bad"}
    sentence = rows.first.locator("code").inner_text()
    rows.first.locator("button").click()
    assert page.locator(".card").first.get_attribute("data-id") == sentence


def test_texts_are_text_and_can_be_searched(page: Any) -> None:
    page.locator("#filter").fill("planted")
    assert page.locator(".card").count() == 1
    assert HOSTILE in page.locator(".card header").inner_text()
    assert page.locator("#planted").count() == 0


def test_words_in_any_order_accents_systems_and_transcripts_are_found(page: Any) -> None:
    page.evaluate("""() => {
        data.sentences[4].text = "Der Größte \u2019s Café";
        data.sentences[5].recordings.bad.scores.heard = "quite another thing";
    }""")
    for words, count in (
        ("4 sentence", 0),
        ("cafe größte 's", 1),
        ("THING quite", 1),
        ("good 7 sentence", 1),
        ("", 8),
    ):
        page.locator("#filter").fill(words)
        assert page.locator(".card").count() == count, words
    page.locator("#filter").fill("no such word")
    assert "No sentence" in page.locator("#cards").inner_text()


def test_chips_come_back(page: Any) -> None:
    """Off and on again shows what was shown, the focus stays, and a reload keeps it."""
    columns = "heads => heads.map(head => head.dataset.key)"
    before = page.eval_on_selector_all("#summary th[data-key]", columns)
    chip = page.locator('.chip[data-metric="f0"]')
    chip.focus()
    page.keyboard.press("Enter")
    hidden = page.eval_on_selector_all("#summary th[data-key]", columns)
    assert "f0_pearson" not in hidden and "energy_rmse" in hidden
    assert page.evaluate("document.activeElement.dataset.metric") == "f0"
    page.reload()
    assert page.eval_on_selector_all("#summary th[data-key]", columns) == hidden
    chip.click()
    assert page.eval_on_selector_all("#summary th[data-key]", columns) == before


def test_a_chip_of_many_figures_goes_through_first_all_and_none(page: Any) -> None:
    page.evaluate("""() => {
        state.first.f0 = ["f0_pearson"];
        ["f0_rmse", "f0_rmse_cents", "voicing_error", "vuv_f1"].forEach((name) => state.hidden.add(name));
        drawAll();
    }""")
    chip = page.locator('.chip[data-metric="f0"]')
    columns = page.locator("#summary th[data-key^=f0], #summary th[data-key^=v]")
    seen = []
    for _ in range(4):
        seen.append((chip.get_attribute("aria-pressed"), columns.count()))
        chip.click()
    assert seen == [("mixed", 1), ("true", 5), ("false", 0), ("mixed", 1)]


def test_equals_are_not_ranked_and_differences_are_marked(page: Any) -> None:
    def cell(system: str, key: str) -> Any:
        columns = page.eval_on_selector_all(
            "#summary th[data-key]", "heads => heads.map(head => head.dataset.key)"
        )
        return page.locator(f'#summary tr[data-system="{system}"] > *').nth(columns.index(key))

    assert "best" in cell("good", "energy_rmse").get_attribute("class")
    assert cell("bad", "energy_rmse").locator("sup").count() == 1
    assert cell("good", "energy_rmse").locator("sup").count() == 0
    page.evaluate("""() => {
        data.summary.good.energy_rmse.value = data.summary.bad.energy_rmse.value;
        drawAll();
    }""")
    assert page.locator("#summary td.best").count() > 0
    for system in ("good", "bad"):
        assert "best" not in cell(system, "energy_rmse").get_attribute("class")
        assert cell(system, "energy_rmse").locator("sup").count() == 0


def test_the_table_as_csv_and_latex(page: Any, report: Path, tmp_path: Path) -> None:
    def saved(button: str) -> str:
        with page.expect_download() as download:
            page.locator(button).click()
        download.value.save_as(tmp_path / "saved")
        return (tmp_path / "saved").read_text(encoding="utf-8")

    summary = json.loads((report.parent / "summary.json").read_text(encoding="utf-8"))["systems"]
    rows = list(csv.DictReader(saved("#save-csv").splitlines()))
    assert [row["system"] for row in rows] == ["ground_truth", "bad", "good"]
    for row in rows:
        found = summary[row["system"]]["figures"]["energy_rmse"]
        assert [float(row[f"energy_rmse{end}"]) for end in ("", "_low", "_high")] == [
            found["value"],
            found["low"],
            found["high"],
        ]
    latex = saved("#save-latex")
    assert latex.count("\\\\") == 4 and "ground\\_truth &" in latex and "(\\%)" in latex
    assert "\\begin{tabular}{lrrrrrrr}" in latex and latex.count("\\textbf{") >= 5 and "$^{*}$" in latex
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    page.locator("#copy-latex").click()
    assert page.evaluate("window.copied") == latex
    page.evaluate(
        "data.systems[1].name = '=bad,\"x\"'; data.summary[data.systems[1].name] = data.summary.bad"
    )
    assert saved("#save-csv").splitlines()[2].startswith('"\'=bad,""x""",12,')


def test_a_print_has_every_picture(page: Any) -> None:
    page.evaluate("""() => {
        const colours = (canvas) => new Set(canvas.getContext("2d").getImageData(60, 20, 120, 60).data).size;
        const canvases = () => [...document.querySelectorAll(".card canvas")];
        window.print = () => { window.drawn = canvases().map((canvas) => colours(canvas) > 20); };
    }""")
    assert page.locator(".card").count() == 8
    page.locator("#print").click()
    page.wait_for_function("window.drawn")
    drawn = page.evaluate("window.drawn")
    assert len(drawn) == 36 and all(drawn)
    assert page.locator(".card").count() == 8
    page.evaluate("window.drawn = null")
    page.keyboard.press("Control+p")
    page.wait_for_function("window.drawn && window.drawn.length === 36")


def test_long_names_on_a_phone(browser: Any, report: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(report.as_uri())
    page.wait_for_selector(".card canvas")
    page.evaluate("""() => {
        const name = "a_system_with_" + "a_very_long_name_".repeat(5);
        for (const sentence of data.sentences) sentence.recordings[name] = sentence.recordings.bad;
        data.summary[name] = data.summary.bad;
        data.systems[1].name = systems[1] = name;
        drawAll(); drawWorst();
    }""")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    width = page.locator("#summary tbody th.first").nth(1).bounding_box()["width"]
    assert 60 < width <= 0.45 * 390
    panel = page.locator(".card").first.bounding_box()
    title = page.locator(".recording h3").nth(1).bounding_box()
    assert title["x"] + title["width"] <= panel["x"] + panel["width"]
    page.close()


def test_the_foot_names_versions_settings_and_what_was_left_out(page: Any) -> None:
    foot = page.locator("#about").inner_text()
    for words in (
        "no x",
        "torch 2",
        "dio with StoneMask, 60 to 500 Hz",
        "frame by frame where lengths agree",
        "SHA-256",
    ):
        assert words in foot


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "dark")])
def test_screenshots_at_phone_width_and_in_the_dark(
    browser: Any, report: Path, tmp_path, width, scheme
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto(report.as_uri())
    page.wait_for_selector(".card canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in re.findall(r"\d+", background)[:3]) / 3
    assert (lightness < 60) == (scheme == "dark")
    page.screenshot(path=tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000
    page.close()


def test_of_a_long_recording_the_page_holds_the_beginning(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("hiervox.evaluation.report.media.MOST_SECONDS", 1)
    write_audio(tmp_path / "long.wav", melody(seconds=3), SAMPLE_RATE)
    held = recording(tmp_path / "long.wav", Recordings(), "flac")
    sound = io.BytesIO(base64.b64decode(held["sound"].split(",")[1]))
    assert soundfile.info(sound).frames == SAMPLE_RATE
    assert (held["seconds"], held["wholeSeconds"], len(held["f0"])) == (1, 3, 50)
