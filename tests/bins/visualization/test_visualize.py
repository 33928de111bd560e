"""`hiervox visualize`: pages of systems of every kind, parsed without a browser."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import hiervox
from hiervox.bins.visualization import page as pages
from hiervox.bins.visualization.media import comparison
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines.trace import Subject, chosen_steps
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_map import map_voices
from hiervox.models.vocoder.training import build_network
from hiervox.utils.errors import ConfigError
from tests.command_line import mistake, run
from tests.models.base.pipelines.toys import CARDS, registered, write_toy
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.models.tts.matcha_tts.tiny_matcha_tts import write_matcha_tts
from tests.models.vocoder.small import RATE, experiment

CPU = ("--device", "cpu", "--overwrite")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", voice(0.5), 16_000)
    with registered(*CARDS):
        yield tmp_path


def data_of(file: str) -> dict[str, Any]:
    """What a page holds; it names nothing outside of itself."""
    text = Path(file).read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    markup = text.replace(found[1], "")
    assert not re.findall(r'(?:src|href)="(?!data:|#)', markup)
    assert set(re.findall(r"https?:[^\"]+", markup)) <= {"http://www.w3.org/2000/svg"}
    data: dict[str, Any] = json.loads(found[1])
    return data


def sections_of(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {section["name"]: section for section in data["sections"]}


def content(uri: str) -> io.BytesIO:
    assert uri.startswith("data:")
    return io.BytesIO(base64.b64decode(uri.partition(",")[2]))


def test_every_step_of_a_flow_is_drawn_and_heard_under_two_conditions() -> None:
    write_matcha_tts(Path("matcha"), "table")
    words = ("visualize", "matcha", "Hello there. And more.", "-o", "page.html", *CPU)
    run(*words, "--voice", "bob", "--beside-voice", "ada", "--control", "steps=3")
    data = data_of("page.html")
    assert data["conditions"] == [
        "Hello there. And more., bob, steps=3",
        "Hello there. And more., ada, steps=3",
    ]
    sections = sections_of(data)
    assert "həlˈoʊ" in sections["phonemes"]["note"] and "mˈɔːɹ" not in sections["phonemes"]["note"]
    steps = sections["flow of 10 channels"]["steps"]
    assert [step["label"] for step in steps] == [f"step {number} of 3" for number in range(4)]
    pictures, sounds = set(), set()
    for step in steps:
        assert Image.open(content(step["difference"])).format == "WEBP"
        for made in step["made"]:
            pictures.update(made["pictures"])
            sounds.add(made["sound"])
            wav, rate = soundfile.read(content(made["sound"]))
            assert rate == 22_050 and wav.size > 500
            assert "log-mel distance (dB)" in made["figures"]
    assert len(pictures) == len(sounds) == 8  # every step differs from every other, in either condition
    assert steps[-1]["made"][0]["figures"]["log-mel distance (dB)"] == "0"
    assert steps[-1]["made"][0]["sound"] == sections["result"]["steps"][0]["made"][0]["sound"]
    assert Image.open(content(sections["flow of 10 channels"]["curves"])).size[0] > 300
    for name in ("alignment", "predicted mel spectrogram"):
        assert Image.open(content(sections[name]["steps"][0]["made"][1]["pictures"][0])).size[0] > 300


def test_a_diffusion_of_waveforms_and_the_resolutions_of_a_vocoder() -> None:
    for system in ("hifigan", "wavegrad"):
        torch.manual_seed(0)
        config = experiment(system)
        Path(system).mkdir()
        save_weights(Path(system), build_network(config).state_dict(), config.model_dump(mode="json"))
        run("visualize", system, "in.wav", "-o", f"{system}.html", "--steps", "3", *CPU)
    steps = sections_of(data_of("wavegrad.html"))["diffusion"]["steps"]
    numbers = [int(step["label"].split()[1]) for step in steps]
    assert len(numbers) == 3 and numbers[0] == 0 and numbers[-1] == int(steps[0]["label"].split()[-1])
    sections = sections_of(data_of("hifigan.html"))
    rates = [int(step["label"].split()[-2]) for step in sections["resolutions"]["steps"]]
    assert rates == sorted(set(rates)) and rates[-1] == pytest.approx(RATE, rel=0.1)
    (heard,) = sections["resolutions"]["steps"][-1]["made"]
    assert np.abs(soundfile.read(content(heard["sound"]))[0]).max() > 0.3
    assert sections["recording"]["steps"][0]["made"][0]["pictures"]


def test_codebooks_are_added_one_by_one() -> None:
    write_toy(Path("codec"), "codec")
    run("visualize", "codec", "in.wav", "-o", "codec.html", *CPU)
    sections = sections_of(data_of("codec.html"))
    assert [step["label"] for step in sections["codebooks"]["steps"]] == [
        "1 of 2, 64 kbit/s",
        "2 of 2, 128 kbit/s",
    ]
    distances = [
        float(step["made"][0]["figures"]["log-mel distance (dB)"]) for step in sections["codebooks"]["steps"]
    ]
    assert distances[1] < distances[0] and sections["codebooks"]["against"] == "the recording"


def test_a_recording_in_another_voice_and_a_caption() -> None:
    write_toy(Path("tta"), "tta")
    run("visualize", "tta", "A tone.", "-o", "tta.html", "--beside-control", "pitch=880", *CPU)
    result = sections_of(data_of("tta.html"))["result"]["steps"][0]
    tones = [
        np.abs(np.fft.rfft(soundfile.read(content(made["sound"]))[0])).argmax() for made in result["made"]
    ]
    assert tones[1] == pytest.approx(2 * tones[0], rel=0.05) and result["difference"]


def test_mistakes_are_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    write_toy(Path("codec"), "codec")
    words = ("visualize", "codec", "in.wav", *CPU)
    assert mistake(*words, "-o", "page.txt") == "page.txt is not a page: name it .html"
    assert mistake("visualize", "codec", "Hello.", "-o", "a.html", *CPU).startswith("toy_codec takes no text")
    assert mistake(*words, "-o", "a.html", "--voice", "bob") == "toy_codec takes no voice: leave it out"
    assert "beside each other" in mistake(*words, "-o", "a.html", "--beside", "Hello.")
    monkeypatch.setattr(pages, "MOST_BYTES", 10_000)
    assert "give a shorter input, or fewer --steps" in mistake(*words, "-o", "a.html")
    assert not Path("a.html").exists()


def test_a_pipeline_gives_its_stages_in_python() -> None:
    write_matcha_tts(Path("matcha"))
    pipeline = hiervox.load("matcha", device="cpu")
    stages = list(pipeline.trace(Subject(text="Hello.", most_steps=2)))
    assert [stage.name for stage in stages][:3] == ["phonemes", "alignment", "predicted mel spectrogram"]
    assert [stage.name for stage in stages if stage.series] == ["step 0 of 10", "step 10 of 10"]
    wav, rate = stages[-1].sound or (None, 0)
    assert rate == 22_050 and wav is not None
    alignment = stages[1].array
    assert alignment is not None and alignment.shape[1] == len(stages[1].symbols)


def test_steps_are_chosen_evenly_with_both_ends() -> None:
    assert chosen_steps(4, 12) == [0, 1, 2, 3, 4]
    assert chosen_steps(50, 6) == [0, 10, 20, 30, 40, 50]
    assert chosen_steps(1, 2) == [0, 1] and chosen_steps(0, 2) == [0]


def test_figures_say_how_far_a_sound_is_from_another() -> None:
    sound = voice(0.5), 16_000
    same, other = comparison(sound, sound), comparison((sound[0] * 0.1, 16_000), sound)
    assert same["log-mel distance (dB)"] == 0 and same["F0 RMSE (cents)"] == 0
    assert other["level (dBFS)"] == pytest.approx(same["level (dBFS)"] - 20, abs=0.1)
    nearer = comparison((sound[0] * 0.5, 16_000), sound)
    assert 1 < nearer["log-mel distance (dB)"] < 6.1 < other["log-mel distance (dB)"] < 20.1


def test_voices_lie_on_a_plane_and_speak() -> None:
    write_matcha_tts(Path("matcha"), "reference")
    Path("more").mkdir()
    for name, pitch in (("bob", 110.0), ("eve", 170.0)):
        soundfile.write(f"more/{name}.wav", voice(1.0, pitch), 16_000)
    soundfile.write("ada.wav", voice(1.0, 220.0), 16_000)
    words = (
        "visualize",
        "matcha",
        "Hello there.",
        "-o",
        "map.html",
        *CPU,
        "--prompt",
        "ada.wav",
        "--steps",
        "2",
    )
    run(*words, "--control", "steps=1", "--voices", "more", "--voices", "ada.wav")
    found = data_of("map.html")["voices"]
    assert [point["name"] for point in found["points"]] == ["bob", "eve", "ada"]
    assert found["shares"][0] >= found["shares"][1] and sum(found["shares"]) == pytest.approx(1, abs=0.01)
    assert len({point["sound"] for point in found["points"]}) == 3
    assert soundfile.read(content(found["points"][0]["sound"]))[1] == 22_050
    write_toy(Path("codec"), "codec")
    assert "takes no voice" in mistake(
        "visualize", "codec", "in.wav", "-o", "a.html", *CPU, "--voices", "all"
    )


def test_a_map_keeps_distances_of_voices_on_a_plane() -> None:
    places = {"a": (0.0, 0.0, 1.0), "b": (3.0, 4.0, 1.0), "c": (0.0, 8.0, 1.0)}
    voices = {
        name: Voice({"style": torch.tensor(place), "id": torch.tensor(1)}, "m")
        for name, place in places.items()
    }
    found = map_voices(voices)
    assert np.linalg.norm(found.places[0] - found.places[1]) == pytest.approx(5)
    assert np.linalg.norm(found.places[0] - found.places[2]) == pytest.approx(8)
    for alike in ({"style": torch.zeros(2)}, {"id": torch.tensor(1)}):
        with pytest.raises(ConfigError, match="no vector tells"):
            map_voices({name: Voice(alike, "m") for name in "abc"})
    with pytest.raises(ConfigError, match="1 voice makes no map"):
        map_voices({"a": voices["a"]})
