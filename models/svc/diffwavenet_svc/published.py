"""Checkpoints of Amphion's DiffWaveNetSVC as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.svc._singing.published import (
    condition_rules,
    condition_sizes,
    own_buffers,
    published_sections,
    singer_sizes,
)
from hiervox.models.svc._singing.wavenet import gates_first, wavenet_rules, wavenet_sizes
from hiervox.models.svc.diffwavenet_svc.network import DiffWaveNetSVC, DiffWaveNetSVCSizes
from hiervox.utils.config import Config


def import_diffwavenet_svc(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the published network.

    Returns:
        the sections `model` and `features` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the authors' `args.json`, with `singers`, `mel_min` and `mel_max` added.

    Raises:
        CheckpointError: the tensors or the config are not DiffWaveNetSVC's.
    """
    with reading_published():
        model = published_config["model"]["diffusion"]
        schedule = model["scheduler_settings"]
        wavenet = wavenet_sizes(state_dict, "1.", model["bidilconv"]["dilation_cycle_length"])
        sizes = DiffWaveNetSVCSizes(
            **singer_sizes(state_dict, published_config),
            condition=condition_sizes(state_dict),
            mel_channels=state_dict["1.neural_network.out_proj.2.bias"].shape[0],
            wavenet=wavenet.model_dump(),
            first_beta=schedule["beta_start"],
            last_beta=schedule["beta_end"],
            n_steps=schedule["num_train_timesteps"],
        )
        buffers = own_buffers(len(sizes.speakers), sizes.mel_channels, published_config)
    with torch.device("meta"):
        network = DiffWaveNetSVC(sizes)
    rules = (*condition_rules(state_dict), *wavenet_rules(r"1\.", "wavenet."))
    tensors = map_tensors({**gates_first(state_dict), **buffers}, rules, network)
    return published_sections(sizes, state_dict), tensors
