"""MP-SENet checkpoints in the authors' format (github.com/yxlu-0102/MP-SENet, MIT) as ours.

HierSpeech++ takes the authors' weights for its prompt denoiser, with the file and the names as they are.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet

# Their names of what the config of ours sets.
_SIZES = {
    "sample_rate": "sampling_rate",
    "n_fft": "n_fft",
    "win_length": "win_size",
    "hop_length": "hop_size",
    "compression": "compress_factor",
    "channels": "dense_channel",
    "n_blocks": "num_tsconformers",
    "mask_limit": "beta",
}
_RULES = (
    (r"^dense_encoder\.dense_conv_1\.", "encoder.first."),
    (r"^dense_encoder\.dense_conv_2\.", "encoder.halving."),
    (r"^dense_encoder\.", "encoder."),
    (r"\.dense_block\.dense_block\.", ".dense.layers."),
    (r"^mask_decoder\.mask_conv\.0\.", "mask_decoder.doubling."),
    (r"^mask_decoder\.mask_conv\.1\.", "mask_decoder.to_one.0."),
    (r"^mask_decoder\.mask_conv\.2\.", "mask_decoder.to_one.1."),
    (r"^mask_decoder\.mask_conv\.3\.", "mask_decoder.to_one.2."),
    (r"^mask_decoder\.mask_conv\.4\.", "mask_decoder.last."),
    (r"^mask_decoder\.lsigmoid\.", "mask_decoder."),
    (r"^phase_decoder\.phase_conv\.", "phase_decoder.doubling."),
    (r"^phase_decoder\.phase_conv_r\.", "phase_decoder.real."),
    (r"^phase_decoder\.phase_conv_i\.", "phase_decoder.imaginary."),
    (r"(first|halving|doubling|to_one|layers\.\d+)\.0\.(?=\w+$)", r"\1.convolution."),
    (r"(first|halving|doubling|to_one|layers\.\d+)\.1\.(?=\w+$)", r"\1.norm."),
    (r"(first|halving|doubling|to_one|layers\.\d+)\.2\.(?=\w+$)", r"\1.activation."),
    (r"^TSConformer\.", "blocks."),
    (r"\.time_conformer\.", ".over_time."),
    (r"\.freq_conformer\.", ".over_frequency."),
    (r"\.ffm1\.ffm\.", ".first_feed_forward."),
    (r"\.ffm2\.ffm\.", ".last_feed_forward."),
    (r"\.attn\.attn\.in_proj_", ".attention.query_key_value."),
    (r"\.attn\.attn\.out_proj\.", ".attention.projection."),
    (r"\.attn\.layernorm\.", ".attention.norm."),
    (r"\.ccm\.ccm\.0\.", ".convolution.norm."),
    (r"\.ccm\.ccm\.2\.", ".convolution.gate."),
    (r"\.ccm\.ccm\.4\.", ".convolution.depthwise."),
    (r"\.ccm\.ccm\.5\.", ".convolution.batch_norm."),
    (r"\.ccm\.ccm\.7\.", ".convolution.output."),
    (r"\.post_norm\.", ".norm."),
)
# Convolutions with a kernel of 1, which are linear layers here.
_POINTWISE = re.compile(r"\.ccm\.ccm\.(2|7)\.weight$")


def import_mp_senet(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[MPSENetConfig, dict[str, Tensor]]:
    """Map a published checkpoint.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint.

    Raises:
        CheckpointError: the tensors or the config are not MP-SENet's.
    """
    with reading_published():
        config = MPSENetConfig(**{own: published_config[theirs] for own, theirs in _SIZES.items()})
    with torch.device("meta"):
        network = MPSENet(config)
    # Files of weights alone may lack how many batches the running statistics saw, which nothing here reads.
    counters = {
        name.replace("running_mean", "num_batches_tracked"): torch.tensor(0)
        for name in state_dict
        if name.endswith("running_mean")
    }
    squeezed = {
        name: tensor.squeeze(-1) if _POINTWISE.search(name) else tensor for name, tensor in state_dict.items()
    }
    return config, map_tensors({**counters, **squeezed}, _RULES, network)
