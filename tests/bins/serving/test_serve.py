"""The server, by OpenAI's client over a loopback port."""

from __future__ import annotations

import base64
import io
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import numpy as np
import openai
import pytest
import soundfile
import typer
import uvicorn
from starlette.testclient import TestClient
from typer.testing import CliRunner

import hiervox
from hiervox.bins.serve import serve
from hiervox.bins.serving.app import make_app, read_keys
from hiervox.bins.serving.engine import Engine
from hiervox.models.base.pipelines.voice import mix_voices
from hiervox.utils.errors import ConfigError

KEY = "right"
TEXTS = ["One.", "Two of them. And more.", "A third text.", "This is the last one."]
MOST = 6
PAGES = ("/docs", "/redoc", "/openapi.json")


class Served:
    def __init__(self) -> None:
        self.engine = Engine(["box"], "cpu", MOST)
        config = uvicorn.Config(make_app(self.engine, [KEY]), port=0, log_level="error")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)
            assert self.thread.is_alive()
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        self.client = openai.OpenAI(api_key=KEY, base_url=f"{self.url}/v1", max_retries=0)
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)

    def wav(self, text: str, **own: object) -> np.ndarray:
        made = self.client.audio.speech.create(
            model="box", voice="", input=text, response_format="wav", extra_body={"hiervox": own}
        )
        return soundfile.read(io.BytesIO(made.content), dtype="float32")[0]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.should_exit = True
    served.thread.join(20)
    assert not served.thread.is_alive()


def test_requests_at_once_equal_their_own_synthesis(served: Served) -> None:
    with ThreadPoolExecutor(len(TEXTS)) as pool:
        made = list(pool.map(served.wav, TEXTS))
    pipeline = hiervox.load("box", device="cpu")
    for text, wav in zip(TEXTS, made, strict=True):
        whole = pipeline.tts(text, None, pipeline.controls(scaling="none")).wav.clip(-1, 1)
        assert wav.shape == whole.shape
        assert np.abs(wav - whole).max() < 1e-4


@pytest.mark.parametrize(
    ("name", "start"), [("mp3", b""), ("opus", b"OggS"), ("aac", b"\xff"), ("flac", b"fLaC")]
)
def test_formats_decode_to_the_same_length(served: Served, name: str, start: bytes) -> None:
    import av

    with served.client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="rowan", input=TEXTS[0], response_format=name
    ) as answer:
        data = answer.read()
    assert data.startswith(start)
    with av.open(io.BytesIO(data)) as file:
        seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    assert seconds == pytest.approx(served.wav(TEXTS[0]).size / 16_000, abs=0.15)


def test_events_hold_the_stream(served: Served) -> None:
    body = {"model": "box", "voice": {"id": "rowan"}, "input": TEXTS[1], "response_format": "pcm"}
    lines = served.http.post("/v1/audio/speech", json={**body, "stream_format": "sse"}).text.split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert np.frombuffer(sound, "<i2").size == served.wav(TEXTS[1]).size
    usage = events[-1]["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0


def test_events_tell_when_words_and_phonemes_are_said(served: Served) -> None:
    text = "The first of the sentences. And 2 more words."
    body = {"model": "box", "input": text, "response_format": "pcm", "stream_format": "sse"}
    body["hiervox"] = {"timestamps": ["word", "phoneme"]}
    lines = served.http.post("/v1/audio/speech", json=body).text.split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    kinds = [event["type"].rpartition(".")[2] for event in events]
    assert kinds == ["timestamps", "delta", "timestamps", "delta", "done"]
    wav = np.frombuffer(b"".join(base64.b64decode(e["audio"]) for e in events if "audio" in e), "<i2")
    assert wav.size == served.wav(text).size
    sentences = [event for event in events if "words" in event]
    said = [[word["text"] for word in sentence["words"]] for sentence in sentences]
    assert said == [["The", "first", "of", "the", "sentences."], ["And", "two", "more", "words."]]
    words = [word for sentence in sentences for word in sentence["words"]]
    assert [text[word["offset"] :][: word["length"]] for word in words] == text.split()
    assert sentences[0]["start"] == 0 and sentences[1]["end"] == pytest.approx(wav.size / 16_000)
    for sentence in sentences:
        for unit in ("words", "phonemes"):
            times = [(each["start"], each["end"]) for each in sentence[unit]]
            assert times == sorted(times) and all(start < end for start, end in times)
            assert sentence["start"] <= times[0][0] and times[-1][1] <= sentence["end"]
    pause = wav[int(16_000 * (sentences[0]["words"][-1]["end"] + 0.1)) : int(16_000 * sentences[1]["start"])]
    assert pause.size > 1_600 and np.abs(pause).max() < 0.05 * np.abs(wav).max()


def test_a_stream_of_wav_has_a_header_without_an_end(served: Served) -> None:
    body = {"model": "box", "input": TEXTS[0], "response_format": "wav", "hiervox": {"stream": True}}
    data = served.http.post("/v1/audio/speech", json=body).content
    assert data[:4] == b"RIFF" and data[4:8] == b"\xff" * 4


def test_controls_change_the_sound(served: Served) -> None:
    plain = served.wav(TEXTS[2])
    assert not np.array_equal(plain, served.wav(TEXTS[2], seed=5))
    assert served.wav(TEXTS[2], controls={"speed": 2}).size < 0.7 * plain.size
    assert served.wav(TEXTS[2], rate=24_000).size == pytest.approx(1.5 * plain.size, abs=10)


def test_voices_are_mixed_by_weights(served: Served) -> None:
    body = {"model": "box", "input": TEXTS[0], "response_format": "wav", "voice": "rowan:0.7+willow:0.3"}
    answer = served.http.post("/v1/audio/speech", json=body)
    wav = soundfile.read(io.BytesIO(answer.content), dtype="float32")[0]
    pipeline = hiervox.load("box", device="cpu")
    mixed = mix_voices(
        [pipeline.voice(pipeline.named_voice(name)) for name in ("rowan", "willow")], [0.7, 0.3]
    )
    own = pipeline.tts(TEXTS[0], mixed, pipeline.controls(scaling="none")).wav.clip(-1, 1)
    assert wav.shape == own.shape and np.abs(wav - own).max() < 1e-4


def test_lists(served: Served) -> None:
    assert [model.id for model in served.client.models.list()] == ["box"]
    assert served.client.models.retrieve("box").id == "box"
    assert {"id": "rowan", "name": "rowan"} in served.http.get("/v1/audio/voices").json()["voices"]
    assert served.http.get("/v1/audio/models").json()["models"][0]["id"] == "box"
    assert served.http.get("/ready").json()["ready"]
    assert "hiervox_requests_total" in served.http.get("/metrics").text


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"model": "nothing"}, 404, "no model 'nothing'"),
        ({"voice": "nobody"}, 400, "no voice 'nobody'"),
        ({"voice": "/etc/passwd"}, 400, "no voice can be called"),
        ({"input": "..."}, 400, ""),
        ({"speed": 9}, 400, "speed"),
        ({"hiervox": {"seeds": 1}}, 400, "hiervox.seeds"),
        ({"hiervox": {"controls": {"nothing": 1}}}, 400, "no control 'nothing'"),
        ({"hiervox": {"rate": 11}}, 400, "11 Hz"),
        ({"input": "x" * 2**21}, 413, "bytes"),
        ({"input": "<speak>Hi.</speak>", "hiervox": {"ssml": False}}, 400, "is SSML"),
        ({"hiervox": {"timestamps": ["word"]}}, 400, "stream_format"),
        ({"input": "<b>Hi.</b>", "hiervox": {"ssml": True}}, 400, "<b>"),
    ],
)
def test_errors_say_what_to_do(served: Served, change: dict, status: int, said: str) -> None:
    body = {"model": "box", "voice": "rowan", "input": "Hello.", **change}
    answer = served.http.post("/v1/audio/speech", json=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]
    assert served.engine.in_flight == 0


def test_markup_needs_no_outermost_tag(served: Served) -> None:
    text = 'One <break time="1s"/> two.'
    plain = served.wav("One two.").size
    assert served.wav(text, ssml=True).size == served.wav(f"<speak>{text}</speak>").size > plain + 12_000


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/v1/audio/speech", 405), *(("GET", p, 404) for p in PAGES)],
)
def test_unknown_routes_are_answered_in_the_same_shape(
    served: Served, method: str, path: str, status: int
) -> None:
    answer = served.http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error" and answer.json()["error"]["hint"]


def test_a_large_body_is_refused_before_it_is_read(served: Served) -> None:
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n"
    address = served.server.servers[0].sockets[0].getsockname()
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))  # to the end of the connection
    assert answer.startswith(b"HTTP/1.1 413 ") and b"connection: close" in answer.lower()


def test_failures_and_late_answers_keep_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(["box"], "cpu", MOST)
    app = make_app(engine, time_limit=0.2)
    body = {"model": "box", "input": "Hello."}
    with TestClient(app, raise_server_exceptions=False) as client:
        engine._thread.submit(partial(time.sleep, 1), 0)
        late = client.post("/v1/audio/speech", json=body)
        monkeypatch.setattr(engine, "voice_names", None)
        failed = client.get("/v1/audio/voices")
        assert engine.in_flight == 0
        assert 'hiervox_requests_total{status="504"} 1.0' in client.get("/metrics").text
    assert late.status_code == 504 and "0.2 s" in late.json()["error"]["problem"]
    assert failed.status_code == 500 and failed.json()["error"]["type"] == "server_error"


def test_a_stream_past_its_time_is_cut_off() -> None:
    engine = Engine(["box"], "cpu", MOST)
    text = "A sentence of a long text. " * 300
    with TestClient(make_app(engine, time_limit=3), raise_server_exceptions=False) as client:
        body = {"model": "box", "input": text, "response_format": "pcm"}
        begun = time.monotonic()
        client.post("/v1/audio/speech", json=body)
        assert time.monotonic() - begun < 10
        assert engine.in_flight == 0
        assert 'hiervox_requests_total{status="504"} 1.0' in client.get("/metrics").text


def test_keys(served: Served) -> None:
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}):
        assert httpx.get(f"{served.url}/v1/models", headers=header).status_code == 401
    with pytest.raises(ConfigError, match="holds no key"):
        read_keys("\n \n")


def test_pages_of_other_sites_may_ask_where_they_are_allowed(served: Served) -> None:
    site, others = "https://a.b", "https://c.d"
    assert "access-control-allow-origin" not in served.http.get("/health", headers={"Origin": site}).headers
    client = TestClient(make_app(served.engine, origins=[site]))  # its engine is that of another app
    asking = {"Origin": site, "Access-Control-Request-Method": "POST"}
    for path, method, headers in (
        ("/v1/models", "GET", {"Origin": site}),
        ("/v1/audio/speech", "OPTIONS", {**asking, "Access-Control-Request-Headers": "authorization"}),
    ):
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == site
    refused = client.get("/v1/models", headers={"Origin": others})
    assert refused.status_code == 403 and "Access-Control-Allow-Origin" not in refused.headers


@pytest.mark.parametrize("site", ["*", "example.org", "https://example.org/page"])
def test_a_site_that_is_none_is_told(site: str) -> None:
    app = typer.Typer()
    app.command()(serve)
    done = CliRunner().invoke(app, ["--port", "0", "--allow-origin", site])
    assert isinstance(done.exception, ConfigError) and "is no site" in done.exception.problem


def test_a_full_queue_is_told(served: Served) -> None:
    for _ in range(MOST):
        served.engine.admit()
    try:
        answer = served.http.post("/v1/audio/speech", json={"model": "box", "input": "Hello."})
        assert served.http.get("/ready").status_code == 503
    finally:
        for _ in range(MOST):
            served.engine.release()
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0


def test_a_client_that_hangs_up_leaves_no_work(served: Served) -> None:
    body = {"model": "box", "input": "A sentence of a long text. " * 100, "response_format": "pcm"}
    with served.http.stream("POST", "/v1/audio/speech", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        parts = answer.iter_raw()  # a generator that is let go of hangs up
        next(parts)
        assert served.engine.in_flight == 1
    end = time.monotonic() + 10
    while served.engine.in_flight and time.monotonic() < end:
        time.sleep(0.02)
    assert served.engine.in_flight == 0


def test_an_open_address_needs_keys() -> None:
    app = typer.Typer()
    app.command()(serve)
    done = CliRunner().invoke(app, ["--host", "0.0.0.0"])
    assert isinstance(done.exception, ConfigError) and "--key-file" in done.exception.hint


@pytest.mark.parametrize("address", ["10200", ":10200", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    app = typer.Typer()
    app.command()(serve)
    done = CliRunner().invoke(app, ["--port", "0", "--wyoming", address])
    assert isinstance(done.exception, ConfigError) and done.exception.hint


@pytest.mark.parametrize(("verb", "package"), [("serve", "uvicorn"), ("web", "gradio")])
def test_a_package_that_is_missing_is_told(verb: str, package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from hiervox.bins.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code, verb], capture_output=True, text=True)
    assert done.returncode == 2 and f"pip install 'hiervox[{verb}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_told() -> None:
    app = typer.Typer()
    app.command()(serve)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = CliRunner().invoke(app, ["--port", str(taken.getsockname()[1])])
    assert isinstance(done.exception, ConfigError) and "--port" in done.exception.hint
