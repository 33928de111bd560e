"""UnivNet generators of github.com/maum-ai/univnet (BSD-3, unofficial) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder._gan.published import Member, import_members
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.models.vocoder.univnet.config import PERIOD_CHANNELS
from hiervox.models.vocoder.univnet.networks.univnet import UnivNetGenerator, UnivNetSizes
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeConfig
from hiervox.processors.mel_presets import BIGVGAN_24K

_SIZE_KEYS = {
    "in_channels": "audio.n_mel_channels",
    "noise_channels": "gen.noise_dim",
    "channels": "gen.channel_size",
    "rates": "gen.strides",
    "dilations": "gen.dilations",
    "slope": "gen.lReLU_slope",
}
_MEL_KEYS = {
    "sample_rate": "audio.sampling_rate",
    "n_fft": "audio.filter_length",
    "win_length": "audio.win_length",
    "hop_length": "audio.hop_length",
    "n_mels": "audio.n_mel_channels",
    "f_min": "audio.mel_fmin",
    "f_max": "audio.mel_fmax",
}
_RULES: Rules = (
    (r"^conv_pre\.", "input."),
    (r"^conv_post\.1\.", "output."),
    (r"^res_stack\.", "blocks."),
    (r"\.kernel_predictor\.input_conv\.0\.", ".predictor.input."),
    (r"\.kernel_predictor\.residual_convs\.(\d+)\.1\.", r".predictor.first_convs.\1."),
    (r"\.kernel_predictor\.residual_convs\.(\d+)\.3\.", r".predictor.second_convs.\1."),
    (r"\.kernel_predictor\.kernel_conv\.", ".predictor.kernels."),
    (r"\.kernel_predictor\.bias_conv\.", ".predictor.biases."),
    (r"\.convt_pre\.1\.", ".up."),
    (r"\.conv_blocks\.(\d+)\.1\.", r".convs.\1."),
)


def import_univnet(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published generator (`model_g` of the checkpoint).

    Args:
        state_dict: the authors' tensors by their names.
        published_config: `default_c16.yaml` or `default_c32.yaml`.

    Raises:
        CheckpointError: the tensors or the config are not UnivNet's.
    """
    sizes = read_sizes(UnivNetSizes, published_config, _SIZE_KEYS)
    mel = read_mel(published_config, _MEL_KEYS, BIGVGAN_24K)
    return import_network(state_dict, sizes, mel, UnivNetGenerator, _RULES)


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the discriminators that a checkpoint holds beside its generator.

    Args:
        published: `model_d`, of which `MPD` is our `period` and `MRD` our `magnitude` with `window:
            "rectangular"`.

    Raises:
        CheckpointError: one is missing or of other sizes.
    """
    periods = MultiPeriodConfig(channels=PERIOD_CHANNELS)
    members = {
        "period": Member("model_d", periods, "MPD."),
        "magnitude": Member("model_d", MultiResolutionMagnitudeConfig(), "MRD."),
    }
    return import_members(published, members)
