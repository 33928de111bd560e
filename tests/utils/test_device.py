from __future__ import annotations

import pytest
import torch

from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_is_a_gpu_where_there_is_one(
    cuda: bool, mps: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto").type == chosen


@pytest.mark.parametrize(
    "name", ["gpu", "cuda:99", "mps", "xla", "meta", "mps:7", "cpu:3", "cuda:-1", "privateuseone"]
)
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        choose_device(name)
