"""WaveNet vocoders of github.com/r9y9/wavenet_vocoder (MIT) as ours."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import HINT, read_sizes
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.models.vocoder.wavenet.network import WaveNetSizes, WaveNetVocoder
from hiervox.processors.mel_presets import PRESETS
from hiervox.processors.pre_emphasis import PreEmphasisConfig
from hiervox.utils.errors import CheckpointError

_KEYS = {
    "in_channels": "cin_channels",
    "context_frames": "cin_pad",
    "n_layers": "layers",
    "n_stacks": "stacks",
    "channels": "residual_channels",
    "gate_channels": "gate_channels",
    "skip_channels": "skip_out_channels",
    "kernel_size": "kernel_size",
    "rates": "upsample_params.upsample_scales",
    "least_log_scale": "log_scale_min",
}

_COEFFICIENTS = {"none": 0.0, "preemphasis": 0.85}
"""What `preprocess` may name; the coefficient is their function's default."""


def import_wavenet(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published network.

    It was trained on mel spectrograms normalised by its corpus's mean and variance, which a checkpoint does
    not hold: what it is given has to be treated so. Pre-emphasis and gain of its waveforms are imported.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the hyperparameters beside the checkpoint (JSON).

    Raises:
        CheckpointError: the tensors or the config are not WaveNet's.
    """
    sizes = read_sizes(WaveNetSizes, published_config, _KEYS, **_output(published_config))
    sections, tensors = import_network(state_dict, sizes, PRESETS["wavenet"], WaveNetVocoder, _rules(sizes))
    return {**sections, "pre_emphasis": _pre_emphasis(published_config)}, tensors


def _pre_emphasis(published: dict[str, Any]) -> PreEmphasisConfig:
    """Of their keys `preprocess`, a function's name, and `global_gain_scale`, which is left out below 0."""
    kind, gain = published.get("preprocess") or "none", published.get("global_gain_scale", 1.0)
    if kind not in _COEFFICIENTS or not isinstance(gain, int | float):
        raise CheckpointError(f"the published config sets preprocess {kind!r}, gain {gain!r}", HINT)
    return PreEmphasisConfig(coefficient=_COEFFICIENTS[kind], gain=gain if gain > 0 else 1.0)


def _output(published: dict[str, Any]) -> dict[str, Any]:
    kind, channels = published.get("input_type"), published.get("out_channels")
    if kind == "mulaw-quantize" and isinstance(channels, int):
        return {"output": "mu_law", "bits": channels.bit_length() - 1}
    if kind == "raw" and published.get("output_distribution") == "Normal" and channels == 2:
        return {"output": "gaussian"}
    if kind == "raw" and published.get("output_distribution") == "Logistic" and isinstance(channels, int):
        return {"output": "logistics", "components": channels // 3}
    raise CheckpointError(f"the published config sets input_type {kind!r}, out_channels {channels!r}", HINT)


def _rules(sizes: WaveNetSizes) -> Rules:
    convs = [
        (rf"^upsample_net\.upsample\.up_layers\.{2 * layer + 1}\.", f"upsample.convs.{layer}.")
        for layer in range(len(sizes.rates))
    ]
    return (
        (r"^first_conv\.", "input."),
        (r"^conv_layers\.", "layers."),
        (r"\.conv\.", ".dilated."),
        (r"\.conv1x1c\.", ".condition."),
        (r"\.conv1x1_out\.", ".output."),
        (r"\.conv1x1_skip\.", ".skip."),
        (r"^last_conv_layers\.1\.", "hidden."),
        (r"^last_conv_layers\.3\.", "output."),
        (r"^upsample_net\.conv_in\.", "upsample.input."),
        *convs,
    )
