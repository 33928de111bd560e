"""The authors' WaveGlow (github.com/NVIDIA/waveglow, BSD-3) as ours."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.models.vocoder.waveglow.network import WaveGlow, WaveGlowSizes
from hiervox.processors.mel_presets import TACOTRON

_KEYS = {
    "in_channels": "waveglow_config.n_mel_channels",
    "n_flows": "waveglow_config.n_flows",
    "group": "waveglow_config.n_group",
    "early_every": "waveglow_config.n_early_every",
    "early_size": "waveglow_config.n_early_size",
    "n_layers": "waveglow_config.WN_config.n_layers",
    "channels": "waveglow_config.WN_config.n_channels",
    "kernel_size": "waveglow_config.WN_config.kernel_size",
}
_MEL_KEYS = {
    "sample_rate": "data_config.sampling_rate",
    "n_fft": "data_config.filter_length",
    "win_length": "data_config.win_length",
    "hop_length": "data_config.hop_length",
    "n_mels": "waveglow_config.n_mel_channels",
    "f_min": "data_config.mel_fmin",
    "f_max": "data_config.mel_fmax",
}
_RULES: Rules = (
    (r"^WN\.", "couplings."),
    (r"\.start\.", ".input."),
    (r"\.end\.", ".output."),
    (r"\.cond_layer\.", ".wavenet.condition."),
    (r"\.in_layers\.", ".wavenet.dilated."),
    (r"\.res_skip_layers\.", ".wavenet.residual_skip."),
    (r"^convinv\.(\d+)\.conv\.weight$", r"mixers.\1.matrix"),
)


def import_waveglow(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published network.

    Args:
        state_dict: the authors' tensors by their names. The published files hold the pickled module, which is
            not read: save its `state_dict()` where you trust the file.
        published_config: the `config.json` of the repository.

    Raises:
        CheckpointError: the tensors or the config are not WaveGlow's.
    """
    sizes = read_sizes(WaveGlowSizes, published_config, _KEYS)
    mel = read_mel(published_config, _MEL_KEYS, TACOTRON)
    squeezed = {
        name: tensor.squeeze(-1) if name.startswith("convinv.") else tensor
        for name, tensor in state_dict.items()
    }
    return import_network(squeezed, sizes, mel, WaveGlow, _RULES)
