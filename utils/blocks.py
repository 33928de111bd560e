"""Work that is cut into numbered blocks, and launchers, which share the blocks among processes.

What a block leaves behind are files; what goes between processes are the numbers of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class BlockWork(Protocol):
    """What is done in blocks. It is pickled to each process that takes blocks."""

    def open(self, device: str) -> Callable[[int], None]:
        """Load the networks.

        Args:
            device: of the networks.

        Returns:
            What does a block, by its number; it leaves all of the block's files, or none.
        """
        ...


class Launcher(Protocol):
    """Who does the blocks."""

    def run(self, work: BlockWork, blocks: Sequence[int]) -> Iterator[int]:
        """Do blocks, the first ones first, and give the number of each when it is done.

        Raises:
            HierVoxError: a block raised it; no further ones are begun.
            DataError: processes die again and again.
        """
        ...

    @property
    def redone(self) -> Sequence[Redone]:
        """Blocks of all runs so far that were begun again, in order."""
        ...


@dataclass(frozen=True)
class Redone:
    """A block that was begun again, as the process that had it died.

    Attributes:
        block: its number.
        cause: of the death.
    """

    block: int
    cause: str


def told_again(redone: Sequence[Redone], unit: str = "blocks") -> str:
    """What a report says of the blocks that were begun again; empty where there are none."""
    if not redone:
        return ""
    causes = ", ".join(dict.fromkeys(each.cause for each in redone))
    numbers = ", ".join(str(number) for number in sorted({each.block for each in redone}))
    return f"{unit} that were done again, as their processes died ({causes}): {numbers}"
