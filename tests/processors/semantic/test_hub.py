from __future__ import annotations

import urllib.error
import urllib.request
from email.message import Message

import pytest
from huggingface_hub import constants

from hiervox.processors.semantic.hub import hub_reachable


def refuse(error: Exception) -> object:
    def urlopen(request: object, timeout: float) -> None:
        raise error

    return urlopen


def test_offline_is_respected_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(urllib.request, "urlopen", refuse(AssertionError("asked")))
    assert not hub_reachable()


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(urllib.request, "urlopen", refuse(urllib.error.URLError("no network")))
    assert not hub_reachable()


def test_any_answer_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    error = urllib.error.HTTPError("https://hub", 405, "method not allowed", Message(), None)
    monkeypatch.setattr(urllib.request, "urlopen", refuse(error))
    assert hub_reachable()
