"""Checkpoints of github.com/hayeong0/Diff-HierVC (weights: CC BY-NC-SA 4.0) as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.vc._diffusion.published import SHARED_RULES, UNET_RULES
from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import DiffHierVC, DiffHierVCSizes, VoiceScoreSizes
from hiervox.modules.diffusion.mean_reverting import NoiseRates

RULES: Rules = (
    (r"^encoder\.emb_c_f0\.", "pitch_content."),
    (r"^encoder\.emb_norm_f0\.", "pitch_shape."),
    (r"^encoder\.emb_f0\.", "f0_input."),
    (r"^encoder\.f0_enc\.", "pitch_encoder."),
    (r"^encoder\.proj\.", "pitch_projection."),
    (r"^encoder\.mel_enc_c\.", "content_encoder."),
    (r"^encoder\.mel_enc_f\.", "f0_encoder."),
    (r"^f0_dec\.estimator_f0\.mlp\.", "pitch_score.time."),
    (r"^f0_dec\.estimator_f0\.cond_block\.", "pitch_score.condition."),
    (r"^f0_dec\.estimator_f0\.input_projection\.", "pitch_score.input."),
    (r"^f0_dec\.estimator_f0\.residual_layers\.", "pitch_score.layers."),
    (r"^f0_dec\.estimator_f0\.skip_projection\.", "pitch_score.skip."),
    (r"^f0_dec\.estimator_f0\.output_projection\.", "pitch_score.output."),
    (r"(layers\.\d+)\.dilated_conv\.", r"\1.dilated."),
    (r"(layers\.\d+)\.diffusion_projection\.", r"\1.step."),
    (r"(layers\.\d+)\.conditioner_projection\.", r"\1.condition."),
    (r"(layers\.\d+)\.output_projection\.", r"\1.output."),
    (r"^mel_dec\.estimator\.", "voice_score."),
    *SHARED_RULES,
    *UNET_RULES,
)


def import_diff_hiervc(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[DiffHierVCSizes, dict[str, Tensor]]:
    """Map the published network.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint; of it, `diffusion` is read.

    Raises:
        CheckpointError: the tensors or the config are not Diff-HierVC's.
    """
    with reading_published():
        diffusion = published_config["diffusion"]
        sizes = DiffHierVCSizes(
            semantic_channels=state_dict["encoder.emb_c.weight"].shape[1],
            unet=VoiceScoreSizes(channels=diffusion["dec_dim"], condition_channels=diffusion["spk_dim"]),
            rates=NoiseRates(first=diffusion["beta_min"], last=diffusion["beta_max"]),
        )
    with torch.device("meta"):
        network = DiffHierVC(sizes)
    return sizes, map_tensors(state_dict, RULES, network)
