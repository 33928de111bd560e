"""Discriminators of a published training state, to fine-tune from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.importing import read_published_state
from hiervox.models.base.training.discriminators import build_discriminator
from hiervox.models.vocoder._gan.published import Member, import_members
from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_scale import MultiScaleConfig
from hiervox.utils.errors import CheckpointError

BACKWARDS = (
    (r"\.stack\.convs\.", ".convs."),
    (r"\.stack\.last\.", ".conv_post."),
    (r"^(discriminators\.0\..*)\.parametrizations\.weight\.0\._(u|v)$", r"\1.weight_\2"),
    (r"\.parametrizations\.weight\.original$", ".weight_orig"),
    (r"\.parametrizations\.weight\.original0$", ".weight_g"),
    (r"\.parametrizations\.weight\.original1$", ".weight_v"),
)
CONFIGS: dict[str, DiscriminatorConfig] = {
    "period": MultiPeriodConfig(periods=(2, 3), channels=(2, 4)),
    "scale": MultiScaleConfig(n_scales=2),
}


def members() -> dict[str, nn.Module]:
    """Small, with random weights."""
    return {name: build_discriminator(config) for name, config in CONFIGS.items()}


def by_published_names(network: nn.Module) -> dict[str, Tensor]:
    """As the authors' file has them."""
    state = {}
    for name, tensor in network.state_dict().items():
        for pattern, replacement in BACKWARDS:
            name = re.sub(pattern, replacement, name)
        state[name] = tensor
    return state


def test_discriminators_of_a_training_state_become_ours(tmp_path: Path) -> None:
    given = members()
    tree = {
        "mpd": by_published_names(given["period"]),
        "msd": {f"module.{name}": tensor for name, tensor in by_published_names(given["scale"]).items()},
        "optim_d": {"state": {}, "param_groups": []},
        "steps": 7,
    }
    torch.save(tree, tmp_path / "do_00000007")
    state = read_published_state(tmp_path / "do_00000007")
    assert set(state) == {"mpd", "msd"}
    mine = members()
    sources = {
        "period": Member("mpd", CONFIGS["period"]),
        "scale": Member("msd", CONFIGS["scale"]),
    }
    ensemble = DiscriminatorEnsemble(mine)
    ensemble.load_state_dict(import_members(state, sources)["discriminator"])
    for name, tensor in DiscriminatorEnsemble(given).state_dict().items():
        assert torch.equal(ensemble.state_dict()[name], tensor), name
    with pytest.raises(CheckpointError, match="has no msd"):
        import_members({"mpd": state["mpd"]}, {"scale": sources["scale"]})


def test_a_file_without_networks_is_refused(tmp_path: Path) -> None:
    torch.save({"steps": 7}, tmp_path / "do_00000007")
    with pytest.raises(CheckpointError, match="holds no networks"):
        read_published_state(tmp_path / "do_00000007")
