"""Which of a launcher's processes this one is, as `accelerate launch` and torchrun say in the environment."""

from __future__ import annotations

import os

from hiervox.utils.errors import ConfigError

VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
MEETING = ("MASTER_ADDR", "MASTER_PORT")
"""Where the processes find each other."""
NEW_STORE_VARIABLE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"
"""Lets torchrun make a new store, where processes leave their addresses, each time that it starts them."""


def process_of_launch(*, meet: bool = False) -> tuple[int, int]:
    """This process's number and how many there are; 0 and 1 without a launcher.

    Args:
        meet: whether the processes exchange anything, for which they have to find each other.

    Raises:
        ConfigError: what is in the environment is not of a launcher, but left over from something else.
    """
    rank, size = _number("RANK", 0), _number("WORLD_SIZE", 1)
    if size < 1 or rank >= size:
        raise _left_over(f"RANK is {rank} and WORLD_SIZE is {size}")
    needed: tuple[str, ...] = VARIABLES[:2] if size > 1 else ()
    if meet and (size > 1 or "LOCAL_RANK" in os.environ):
        needed = (*VARIABLES, *MEETING)
    for name in needed:
        if name not in os.environ:
            told = next(variable for variable in ("WORLD_SIZE", "LOCAL_RANK") if variable in os.environ)
            raise _left_over(f"{told} is {os.environ[told]} and {name} is not set")
    return rank, size


def may_be_restarted() -> bool:
    """Whether torchrun starts the job's processes again when one of them dies (`--max-restarts`).

    How often it has done so, it tells each machine otherwise.
    """
    return os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") not in ("", "0")


def keeps_addresses_of_dead() -> bool:
    """Whether what torchrun starts again meets in the store of what was there before, and may hang."""
    return may_be_restarted() and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def local_rank() -> int | None:
    """This process's number on this machine; None without a launcher.

    Raises:
        ConfigError: it is not a number.
    """
    return _number("LOCAL_RANK", 0) if "LOCAL_RANK" in os.environ else None


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise _left_over(f"{name} is {text!r}")
    return int(text)


def _left_over(what: str) -> ConfigError:
    return ConfigError(
        f"{what} in the environment, as no launcher sets it",
        f"unset {', '.join(VARIABLES)}, or start it with `accelerate launch`",
    )
