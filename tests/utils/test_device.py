from __future__ import annotations

import pytest
import torch

from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError


def test_auto_is_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"


@pytest.mark.parametrize(
    "name", ["gpu", "cuda:99", "mps", "xla", "meta", "mps:7", "cpu:3", "cuda:-1", "privateuseone"]
)
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        choose_device(name)
