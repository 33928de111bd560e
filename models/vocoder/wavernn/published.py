"""WaveRNN networks of github.com/fatchord/WaveRNN (MIT) as ours."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.published_config import HINT, read_sizes
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.models.vocoder.wavernn.network import WaveRNN, WaveRNNSizes
from hiervox.processors.mel_presets import PRESETS
from hiervox.utils.errors import CheckpointError

_KEYS = {
    "in_channels": "num_mels",
    "rates": "voc_upsample_factors",
    "context_frames": "voc_pad",
    "channels": "voc_rnn_dims",
    "linear_channels": "voc_fc_dims",
    "residual_channels": "voc_compute_dims",
    "auxiliary_channels": "voc_res_out_dims",
    "n_blocks": "voc_res_blocks",
    "bits": "bits",
}
_OUTPUTS = {"MOL": "logistics", "RAW": "mu_law"}
_NORM = "num_batches_tracked"


def import_wavernn(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published vocoder.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: what `hparams.py` sets, as JSON.

    Raises:
        CheckpointError: the tensors or the config are not WaveRNN's.
    """
    mode = published_config.get("voc_mode")
    if mode not in _OUTPUTS:
        raise CheckpointError(f"the published config sets voc_mode to {mode!r}, neither MOL nor RAW", HINT)
    sizes = read_sizes(WaveRNNSizes, published_config, _KEYS, output=_OUTPUTS[mode])
    counted = {**state_dict, **_counters(state_dict)}
    return import_network(counted, sizes, PRESETS["wavernn"], WaveRNN, _rules(sizes), r"^step$")


def _counters(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """How many batches each batch norm has seen; old checkpoints lack it, and nothing here reads it."""
    return {
        name.replace("running_mean", _NORM): torch.zeros((), dtype=torch.long)
        for name in state_dict
        if name.endswith("running_mean")
    }


def _rules(sizes: WaveRNNSizes) -> Rules:
    """The published stretching network alternates layers without and with weights."""
    convs = [
        (rf"^upsample\.up_layers\.{2 * layer + 1}\.", f"stretch.convs.{layer}.")
        for layer in range(len(sizes.rates))
    ]
    return (
        (r"^I\.", "input."),
        (r"^rnn1\.", "first_rnn."),
        (r"^rnn2\.", "second_rnn."),
        (r"^fc1\.", "first_linear."),
        (r"^fc2\.", "second_linear."),
        (r"^fc3\.", "output."),
        (r"^upsample\.resnet\.conv_in\.", "auxiliary.input."),
        (r"^upsample\.resnet\.batch_norm\.", "auxiliary.norm."),
        (r"^upsample\.resnet\.conv_out\.", "auxiliary.output."),
        (r"^upsample\.resnet\.layers\.", "auxiliary.blocks."),
        (r"\.conv1\.", ".first."),
        (r"\.conv2\.", ".second."),
        (r"\.batch_norm1\.", ".first_norm."),
        (r"\.batch_norm2\.", ".second_norm."),
        *convs,
    )
