from __future__ import annotations

import pytest

from hiervox.utils.errors import ConfigError
from hiervox.utils.launch import (
    MEETING,
    VARIABLES,
    keeps_addresses_of_dead,
    local_rank,
    process_of_launch,
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *MEETING):
        monkeypatch.delenv(name, raising=False)


def setting(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    for word in words.split():
        monkeypatch.setenv(*word.split("="))


@pytest.mark.parametrize("meet", [False, True])
@pytest.mark.parametrize("words", ["", "RANK=0", "WORLD_SIZE=1", "RANK=0 WORLD_SIZE=1", "MASTER_ADDR=x"])
def test_without_a_launcher_this_process_is_alone(
    words: str, meet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(monkeypatch, words)
    assert process_of_launch(meet=meet) == (0, 1)
    assert local_rank() is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("RANK=1", "RANK is 1 and WORLD_SIZE is 1"),
        ("RANK=x", "RANK is 'x'"),
        ("RANK=-1", "RANK is '-1'"),
        ("RANK=²", "RANK is '²'"),
        ("RANK= WORLD_SIZE=2", "RANK is ''"),
        ("WORLD_SIZE=0", "RANK is 0 and WORLD_SIZE is 0"),
        ("WORLD_SIZE=2", "WORLD_SIZE is 2 and RANK is not set"),
        ("RANK=2 WORLD_SIZE=2", "RANK is 2 and WORLD_SIZE is 2"),
    ],
)
def test_what_no_launcher_sets_is_told(words: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setting(monkeypatch, words)
    for meet in (False, True):
        with pytest.raises(ConfigError) as caught:
            process_of_launch(meet=meet)
        assert str(caught.value).startswith(f"{said} in the environment, as no launcher sets it: unset RANK")


def test_processes_that_meet_need_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    setting(monkeypatch, "RANK=1 WORLD_SIZE=2")
    assert process_of_launch() == (1, 2)
    for words, lacking in (
        ("", "LOCAL_RANK"),
        ("LOCAL_RANK=1", "MASTER_ADDR"),
        ("MASTER_ADDR=x", "MASTER_PORT"),
    ):
        setting(monkeypatch, words)
        with pytest.raises(ConfigError, match=f"WORLD_SIZE is 2 and {lacking} is not set"):
            process_of_launch(meet=True)
    setting(monkeypatch, "MASTER_PORT=1234")
    assert (process_of_launch(meet=True), local_rank()) == ((1, 2), 1)


def test_a_local_rank_alone_is_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    setting(monkeypatch, "LOCAL_RANK=0")
    assert (process_of_launch(), local_rank()) == ((0, 1), 0)
    with pytest.raises(ConfigError, match="LOCAL_RANK is 0 and RANK is not set"):
        process_of_launch(meet=True)
    setting(monkeypatch, "LOCAL_RANK=x")
    with pytest.raises(ConfigError, match="LOCAL_RANK is 'x'"):
        local_rank()


@pytest.mark.parametrize(
    ("restarts", "shares", "told"), [(3, True, True), (3, False, False), (0, True, False)]
)
def test_a_store_that_outlives_its_processes_is_noticed(
    restarts: int, shares: bool, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(monkeypatch, f"TORCHELASTIC_MAX_RESTARTS={restarts} TORCHELASTIC_USE_AGENT_STORE={shares}")
    assert keeps_addresses_of_dead() == told
