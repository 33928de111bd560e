"""The authors' APNet (github.com/YangAi520/APNet) and APNet2 (redmist328/APNet2, MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.block_names import RESIDUAL_BLOCK_RULES
from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder._gan.published import Member, import_members
from hiervox.models.vocoder._gan.published import import_discriminators as import_scales
from hiervox.models.vocoder.apnet.network import APNet, APNetSizes
from hiervox.models.vocoder.published import HIFIGAN_MEL_KEYS, Imported, Rules, import_network
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeConfig
from hiervox.processors.mel_presets import PRESETS

_KEYS = {
    "in_channels": "num_mels",
    "channels": "ASP_channel",
    "block_kernel_sizes": "ASP_resblock_kernel_sizes",
    "block_dilations": "ASP_resblock_dilation_sizes",
    "n_fft": "n_fft",
    "hop_length": "hop_size",
    "win_length": "win_size",
}
_RULES: Rules = (
    (r"^ASP_input_conv\.", "amplitude_backbone.input."),
    (r"^PSP_input_conv\.", "phase_backbone.input."),
    (r"^ASP_output_conv\.", "log_amplitude."),
    (r"^PSP_output_R_conv\.", "pseudo_real."),
    (r"^PSP_output_I_conv\.", "pseudo_imaginary."),
    (r"^ASP_ResNet\.", "amplitude_backbone.blocks.blocks."),
    (r"^PSP_ResNet\.", "phase_backbone.blocks.blocks."),
    # APNet2 numbers what belongs to the amplitude by 2.
    (r"^convnext2\.", "amplitude_backbone.blocks."),
    (r"^convnext\.", "phase_backbone.blocks."),
    (r"^norm2\.", "amplitude_backbone.norm."),
    (r"^norm\.", "phase_backbone.norm."),
    (r"^final_layer_norm2\.", "amplitude_backbone.last_norm."),
    (r"^final_layer_norm\.", "phase_backbone.last_norm."),
    (r"\.dwconv\.", ".depthwise."),
    (r"\.pwconv1\.", ".expand."),
    (r"\.pwconv2\.", ".contract."),
    (r"\.grn\.", ".response_norm."),
    *RESIDUAL_BLOCK_RULES,
)


def import_apnet(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published `g_*` checkpoint; the tensors tell APNet and APNet2 apart.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the `config.json` beside the checkpoint.

    Raises:
        CheckpointError: the tensors or the config are not APNet's.
    """
    second = any(name.startswith("convnext") for name in state_dict)
    sizes = read_sizes(APNetSizes, published_config, _KEYS, blocks="convnext" if second else "residual")
    mel = read_mel(published_config, HIFIGAN_MEL_KEYS, PRESETS["apnet2" if second else "apnet"])
    flat = {
        name: tensor.flatten() if ".grn." in name else tensor  # stored with leading dimensions of one
        for name, tensor in state_dict.items()
    }
    return import_network(flat, sizes, mel, APNet, _RULES)


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the discriminators of a `do_*` checkpoint.

    Args:
        published: `mpd`, our `period`; `msd` of APNet, our `scale`; `mrd` of APNet2, our `magnitude` with
            `layers: "wide"`, `window: "rectangular"` and `centered: true`.

    Raises:
        CheckpointError: one is missing or of other sizes.
    """
    if "mrd" not in published:
        return import_scales(published)
    wide = MultiResolutionMagnitudeConfig(layers="wide")
    members = {"period": Member("mpd", MultiPeriodConfig()), "magnitude": Member("mrd", wide)}
    return import_members(published, members)
