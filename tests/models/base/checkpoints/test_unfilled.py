"""Networks whose weights are loaded right after they are built."""

from __future__ import annotations

from threading import Thread

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.unfilled import unfilled_weights


def test_no_random_number_is_drawn_in_the_block() -> None:
    before = torch.get_rng_state()
    with unfilled_weights():
        nn.Linear(8, 8), nn.Conv1d(4, 4, 3), nn.Embedding(4, 4)
    assert torch.equal(torch.get_rng_state(), before)
    nn.Linear(8, 8)
    assert not torch.equal(torch.get_rng_state(), before)


def test_other_threads_and_what_comes_after_are_filled() -> None:
    made: list[Tensor] = []

    def fill() -> None:
        made.append(nn.init.normal_(torch.full((4, 4), 7.0)))

    with unfilled_weights():
        with unfilled_weights():
            pass
        weight = torch.full((4, 4), 7.0)
        assert nn.init.normal_(weight) is weight
        assert _is_untouched(weight)
        thread = Thread(target=fill)
        thread.start()
        thread.join()
    assert not _is_untouched(made[0])
    assert nn.init.normal_.__module__ == "torch.nn.init"
    assert not hasattr(nn.init.normal_, "__wrapped__")
    assert not _is_untouched(nn.init.normal_(weight))


def _is_untouched(weight: Tensor) -> bool:
    return bool((weight == 7).all())
