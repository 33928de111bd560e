"""Importers of both systems on what golden files don't hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.base.checkpoints.importing import rename
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer, F0QuantizerSizes
from hiervox.models.vc.dddm_vc.published import import_dddm_vc
from hiervox.models.vc.diff_hiervc.published import import_diff_hiervc
from hiervox.utils.errors import CheckpointError

BACK = (
    (r"^(encoder|decoder)\.", r"\1.level_blocks.0.model."),
    (r"^output\.", "decoder.out."),
    (r"\.(\d)\.dilated\.", r".model.\1.model.1."),
    (r"\.(\d)\.pointwise\.", r".model.\1.model.3."),
    (r"^codebook\.entries$", "vq.level_blocks.0.k"),
)
DIFFUSION = {"diffusion": {"dec_dim": 8, "spk_dim": 8, "beta_min": 0.05, "beta_max": 20.0}}


def _published(network: F0Quantizer) -> dict[str, Tensor]:
    left_out = ("codebook.entry_sums", "codebook.usage", "codebook.initialized")
    return {
        rename(name, BACK): tensor for name, tensor in network.state_dict().items() if name not in left_out
    }


def test_a_quantizer_becomes_ours_and_can_go_on_learning(tmp_path: Path) -> None:
    torch.manual_seed(0)
    own = F0Quantizer(F0QuantizerSizes(channels=8, n_levels=3, n_residual=2, dimension=6, n_entries=5))
    own.codebook.entries.normal_()
    torch.save({"model": _published(own.eval()), "iteration": 7}, tmp_path / "G_720000.pth")
    sections = {
        "f0_encoder_params": {"width": 8, "downs_t": [3], "depth": 2},
        "f0_vq_params": {"l_bins": 5, "emb_width": 6, "mu": 0.99},
    }
    (tmp_path / "config.json").write_text(json.dumps(sections))
    files = tmp_path / "G_720000.pth", tmp_path / "config.json"
    convert_published("dddm_vc", "f0_quantizer", *files, tmp_path / "converted")
    network, experiment = load_network(tmp_path / "converted")
    assert isinstance(network, F0Quantizer) and experiment.part == "f0_quantizer"
    f0 = torch.randn(2, 40)
    codes = network.eval().encode(f0)
    assert torch.equal(codes, own.encode(f0)) and torch.equal(network.decode(codes), own.decode(codes))
    network.train()(f0)
    assert network.codebook.entries.isfinite().all()


def test_other_weights_are_refused() -> None:
    weights = {
        "encoder.emb_c.weight": torch.zeros(128, 12, 1),
        "encoder.emb_f0.weight": torch.zeros(4, 128),
        "mystery": torch.zeros(1),
    }
    with pytest.raises(CheckpointError, match="surplus mystery"):
        import_dddm_vc(weights, DIFFUSION)
    with pytest.raises(CheckpointError, match="surplus mystery"):
        import_diff_hiervc(weights, DIFFUSION)
    with pytest.raises(CheckpointError, match="lack 'diffusion'"):
        import_dddm_vc(weights, {})
    with pytest.raises(CheckpointError, match=r"lack 'encoder\.emb_c\.weight'"):
        import_diff_hiervc({}, DIFFUSION)
