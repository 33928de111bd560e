"""Checkpoints of github.com/hayeong0/DDDM-VC (weights: CC BY-NC-SA 4.0) as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.vc._diffusion.published import SHARED_RULES, UNET_RULES
from hiervox.models.vc.dddm_vc.networks.dddm_vc import DDDMVC, DDDMSizes
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer, F0QuantizerSizes
from hiervox.modules.diffusion.mean_reverting import NoiseRates
from hiervox.modules.diffusion.score_unet import ScoreUNetSizes

CONVERTER_RULES: Rules = (
    (r"^encoder\.emb_f0\.", "f0_embedding."),
    (r"^encoder\.dec_s\.", "source_encoder."),
    (r"^encoder\.dec_f\.", "filter_encoder."),
    (r"^decoder\.estimator_src\.", "source_score."),
    (r"^decoder\.estimator_ftr\.", "filter_score."),
    *SHARED_RULES,
    *UNET_RULES,
)
QUANTIZER_RULES: Rules = (
    (r"^(encoder|decoder)\.level_blocks\.0\.model\.", r"\1."),
    (r"^decoder\.out\.", "output."),
    (r"^vq\.level_blocks\.0\.k$", "codebook.entries"),
    (r"\.model\.(\d)\.model\.1\.", r".\1.dilated."),
    (r"\.model\.(\d)\.model\.3\.", r".\1.pointwise."),
)


def import_dddm_vc(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[DDDMSizes, dict[str, Tensor]]:
    """Map the published converter.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint; of it, `diffusion` is read.

    Raises:
        CheckpointError: the tensors or the config are not DDDM-VC's.
    """
    with reading_published():
        n_codes = len(state_dict["encoder.emb_f0.weight"])
        diffusion = published_config["diffusion"]
        sizes = DDDMSizes(
            semantic_channels=state_dict["encoder.emb_c.weight"].shape[1],
            n_f0_codes=n_codes,
            unet=ScoreUNetSizes(channels=diffusion["dec_dim"], condition_channels=diffusion["spk_dim"]),
            rates=NoiseRates(first=diffusion["beta_min"], last=diffusion["beta_max"]),
        )
    with torch.device("meta"):
        network = DDDMVC(sizes)
    return sizes, map_tensors(state_dict, CONVERTER_RULES, network)


def import_f0_quantizer(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[F0QuantizerSizes, dict[str, Tensor]]:
    """Map the published quantiser of F0.

    The moving averages of its entries were not published: they become those of entries that are used once.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint; of it, the sections `f0_*` are read.

    Raises:
        CheckpointError: the tensors or the config are not the quantiser's.
    """
    with reading_published():
        encoder, codebook = published_config["f0_encoder_params"], published_config["f0_vq_params"]
        sizes = F0QuantizerSizes(
            channels=encoder["width"],
            n_levels=encoder["downs_t"][0],
            n_residual=encoder["depth"],
            n_entries=codebook["l_bins"],
            dimension=codebook["emb_width"],
            decay=codebook["mu"],
        )
        entries = state_dict["vq.level_blocks.0.k"]
    with torch.device("meta"):
        network = F0Quantizer(sizes)
    averages = {
        "codebook.entry_sums": entries.clone(),
        "codebook.usage": torch.ones(len(entries)),
        "codebook.initialized": torch.ones(1),
    }
    return sizes, map_tensors({**state_dict, **averages}, QUANTIZER_RULES, network)
