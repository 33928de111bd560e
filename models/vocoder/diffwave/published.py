"""DiffWave networks of github.com/lmnt-com/diffwave (Apache-2.0) as ours."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import HINT, read_sizes
from hiervox.models.vocoder.diffwave.network import DiffWave, DiffWaveSizes
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.processors.mel_presets import PRESETS
from hiervox.utils.errors import CheckpointError

_KEYS = {
    "in_channels": "n_mels",
    "channels": "residual_channels",
    "n_layers": "residual_layers",
    "dilation_cycle": "dilation_cycle_length",
    "sampling_betas": "inference_noise_schedule",
}
_RULES: Rules = (
    (r"^input_projection\.", "input."),
    (r"^skip_projection\.", "skip."),
    (r"^output_projection\.", "output."),
    (r"^diffusion_embedding\.projection1\.", "step_embedding.first."),
    (r"^diffusion_embedding\.projection2\.", "step_embedding.second."),
    (r"^spectrogram_upsampler\.conv1\.", "upsampler.convs.0."),
    (r"^spectrogram_upsampler\.conv2\.", "upsampler.convs.1."),
    (r"^residual_layers\.", "layers."),
    (r"\.dilated_conv\.", ".dilated."),
    (r"\.diffusion_projection\.", ".step."),
    (r"\.conditioner_projection\.", ".condition."),
    (r"\.output_projection\.", ".output."),
)


def import_diffwave(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published network.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: what `params.py` sets, as JSON.

    Raises:
        CheckpointError: the tensors or the config are not DiffWave's, or its schedule is not linear.
    """
    betas = published_config.get("noise_schedule")
    if not isinstance(betas, list) or len(betas) < 2:
        raise CheckpointError("the published config has no noise_schedule", HINT)
    steps = {"first_beta": betas[0], "last_beta": betas[-1], "n_steps": len(betas)}
    sizes = read_sizes(DiffWaveSizes, published_config, _KEYS, **steps)
    return import_network(state_dict, sizes, PRESETS["diffwave"], DiffWave, _RULES)
