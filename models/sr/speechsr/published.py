"""The authors' SpeechSR checkpoints (github.com/sh-lee-prml/HierSpeechpp, MIT) as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.sr.speechsr.config import SpeechSRConfig
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR

_RULES = (
    (r"^dec\.conv_pre\.", "first_conv."),
    (r"^dec\.resblocks\.", "blocks."),
    (r"^dec\.activation_post\.", "last_activation."),
    (r"^dec\.conv_post\.", "last_conv."),
    (r"\.convs1\.", ".dilated_convs."),
    (r"\.convs2\.", ".plain_convs."),
    (r"\.act\.", ".activation."),
)
# Low-pass filters, which follow from their sizes.
_IGNORED = r"\.filter$"


def import_speechsr(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[SpeechSRConfig, dict[str, Tensor]]:
    """Map a published checkpoint of either rate.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint. The two rates have tensors of the same
            names and shapes, so only it tells them apart.

    Raises:
        CheckpointError: the tensors or the config are not SpeechSR's.
    """
    with reading_published():
        sizes = published_config["model"]
        config = SpeechSRConfig(
            rate=published_config["data"]["sampling_rate"],
            channels=sizes["upsample_initial_channel"],
            kernel_sizes=sizes["resblock_kernel_sizes"],
            dilations=sizes["resblock_dilation_sizes"],
        )
    with torch.device("meta"):
        network = SpeechSR(config)
    return config, map_tensors(state_dict, _RULES, network, ignored=_IGNORED)
