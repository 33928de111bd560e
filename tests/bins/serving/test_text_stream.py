"""Text in pieces over a WebSocket, by a client over a loopback port."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from hiervox.bins.serving.text_stream import Part, Sentences
from hiervox.processors.text.script import Utterance, plain_utterances
from tests.bins.serving.test_serve import KEY, MOST, Served, served

__all__ = ["served"]
TEXT = "It was late, at 10:30 p.m. in May. Dr. Who slept!\n\nA new day? Not yet."
VOICES = "One of them.\n[voice: willow]\nTwo. And more.\n\n[voice:] Three."
LINES = "One [voice: a] is no line.\n\n[Voice: b ] Two.\n\nThree. [voice: c] is none.\n[voice:]\nFour."


@contextmanager
def opened(served: Served, key: str = KEY, **first: Any) -> Iterator[ClientConnection]:
    address = f"{served.url.replace('http', 'ws')}/v1/audio/speech/stream"
    with connect(address, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
        with suppress(ConnectionClosedError):  # it may be refused by then
            socket.send(json.dumps({"model": "box", **first}))
        yield socket


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def heard(socket: ClientConnection) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """The sound and the events, to the end of the connection."""
    sound, events = b"", []
    with suppress(ConnectionClosedError):
        for message in socket:
            if isinstance(message, bytes):
                sound += message
            else:
                events.append(json.loads(message))
    return np.frombuffer(sound, "<i2"), events


def test_text_in_pieces_sounds_as_a_whole(served: Served) -> None:
    with opened(served, voice="willow", hiervox={"seed": 3}) as socket:
        for piece in pieces(TEXT, 5):
            socket.send(json.dumps({"text": piece}))
        socket.send(json.dumps({"event": "end"}))
        wav, events = heard(socket)
    body = {
        "model": "box",
        "voice": "willow",
        "input": TEXT,
        "response_format": "pcm",
        "hiervox": {"seed": 3},
    }
    whole = np.frombuffer(served.http.post("/v1/audio/speech", json=body).content, "<i2")
    assert wav.shape == whole.shape and np.abs(wav.astype(int) - whole).max() <= 3
    assert events[0] == {"event": "start", "sample_rate": 16_000, "format": "pcm"}
    assert events[-1]["event"] == "done" and events[-1]["usage"]["output_tokens"] == 100 * wav.size // 16_000


def test_a_voice_holds_for_the_pieces_behind_it(served: Served) -> None:
    with opened(served) as socket:
        for piece in pieces(VOICES, 9):
            socket.send(json.dumps({"text": piece}))
        socket.send(json.dumps({"event": "end"}))
        wav, _ = heard(socket)
    body = {"model": "box", "input": VOICES, "response_format": "pcm"}
    whole = np.frombuffer(served.http.post("/v1/audio/speech", json=body).content, "<i2")
    assert wav.shape == whole.shape and np.abs(wav.astype(int) - whole).max() <= 3


def test_a_sentence_is_spoken_before_the_text_ends(served: Served) -> None:
    with opened(served) as socket:
        socket.send(json.dumps({"text": "One sentence. And anoth"}))
        assert json.loads(socket.recv(20))["event"] == "start"
        assert isinstance(socket.recv(20), bytes)
        socket.send(json.dumps({"text": "er one", "event": "flush"}))
        socket.send(json.dumps({"event": "end"}))
        wav, events = heard(socket)
    assert wav.size > 8_000 and events[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("first", "messages", "said"),
    [
        ({"voice": "nobody"}, [], "no voice 'nobody'"),
        ({"model": "nothing"}, [], "no model 'nothing'"),
        ({"speed": 9}, [], "speed"),
        ({"hiervox": {"timestamps": ["word"]}}, [], "hiervox.timestamps"),
        ({}, ["no JSON"], "not JSON"),
        ({}, [b"bytes"], "binary"),
        ({}, ['{"event": "stop"}'], "neither text nor an event"),
        ({}, ['{"text": "Hello. "}', '{"event": "end"}', '{"text": "More."}'], "behind the end"),
        ({}, [json.dumps({"text": "<speak><b>Hi.</b></speak>", "event": "end"})], "<b>"),
    ],
)
def test_errors_say_what_to_do(served: Served, first: dict, messages: list[Any], said: str) -> None:
    with opened(served, **first) as socket:
        with suppress(ConnectionClosedError):
            for message in messages:
                socket.send(message)
        _, events = heard(socket)
        assert socket.close_code == 1008
    assert said in events[-1]["error"]["message"]
    assert served.engine.in_flight == 0


def test_a_client_that_goes_leaves_no_work(served: Served) -> None:
    with opened(served) as socket:
        socket.send(json.dumps({"text": "A sentence of a long text. " * 100}))
        while not isinstance(socket.recv(20), bytes):
            pass
        assert served.engine.in_flight == 1
    end = time.monotonic() + 10
    while served.engine.in_flight and time.monotonic() < end:
        time.sleep(0.02)
    assert served.engine.in_flight == 0


def test_keys_and_places_are_asked_for(served: Served) -> None:
    with pytest.raises(InvalidStatus, match="403"), opened(served, key="wrong"):
        pass
    for _ in range(MOST):
        served.engine.admit()
    try:
        with opened(served) as socket:
            _, events = heard(socket)
    finally:
        for _ in range(MOST):
            served.engine.release()
    assert events[0]["error"]["type"] == "rate_limit_error"


def spoken(parts: list[Part]) -> list[Utterance]:
    """What is said of parts, each with the pause that it has in the text."""
    said: list[Utterance] = []
    for part in parts:
        *others, last = plain_utterances(part.text)
        said += [*others, replace(last, pause_after=last.pause_after if part.pause is None else part.pause)]
    return said


@pytest.mark.parametrize("text", [TEXT, VOICES, LINES])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_sentences_do_not_depend_on_the_pieces(size: int, text: str) -> None:
    sentences = Sentences("en-us")
    found = [part for piece in pieces(text, size) for part in sentences.push(piece)]
    assert len(found) >= 2 or size > 100
    assert spoken(found + sentences.finish()) == plain_utterances(text)


def test_a_voice_is_that_of_its_line() -> None:
    said = [(utterance.text, utterance.voice) for utterance in plain_utterances(LINES)]
    assert said == [
        ("One [voice: a] is no line.", None),
        ("Two.", "b"),
        ("Three.", "b"),
        ("[voice: c] is none.", "b"),
        ("Four.", None),
    ]


def test_a_voice_holds_behind_what_was_flushed() -> None:
    sentences = Sentences("en-us")
    assert sentences.push("[voice: b] One.") == [] and spoken(sentences.finish())[0].voice == "b"
    assert sentences.push("Two.") == [] and spoken(sentences.finish())[0].voice == "b"
    assert sentences.push("[voice:] Three.") == [] and spoken(sentences.finish())[0].voice is None


def test_markup_is_read_at_its_end() -> None:
    sentences, text = Sentences("en-us"), "<speak>One. Two. Three.</speak>"
    assert [each for piece in pieces(text, 9) for each in sentences.push(piece)] == []
    assert sentences.finish() == [Part(text)]
