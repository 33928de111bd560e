"""Pipelines stay in the process that opened them."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex

from hiervox.utils.errors import ConfigError


class NotPickled:
    """A pipeline, whose networks hold packed weights and hooks that can be neither pickled nor copied."""

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or deeply copied.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            f"a {type(self).__name__} can't be pickled or copied", "open it in each process: hiervox.load(…)"
        )
