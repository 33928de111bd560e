"""NSF-HiFi-GAN generators of openvpi (github.com/openvpi/SingingVocoders, MIT) and of Amphion as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules, hifigan_rules
from hiervox.models.base.checkpoints.published_config import read_mel, read_sizes
from hiervox.models.vocoder._gan.published import SIZE_KEYS, import_from_state_dict
from hiervox.models.vocoder.nsf_hifigan.config import PERIODS
from hiervox.models.vocoder.published import HIFIGAN_MEL_KEYS, Imported, import_network
from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_scale import MultiScaleConfig
from hiervox.modules.generators.nsf_hifigan import NSFHiFiGANGenerator, NSFHiFiGANSizes
from hiervox.processors.mel_presets import BIGVGAN_24K, PRESETS

_AMPHION_SIZE_KEYS = {
    "in_channels": "preprocess.n_mel",
    "sample_rate": "preprocess.sample_rate",
    **{own: f"model.nsfhifigan.{theirs}" for own, theirs in SIZE_KEYS.items() if own != "in_channels"},
}
_AMPHION_MEL_KEYS = {
    "sample_rate": "preprocess.sample_rate",
    "n_fft": "preprocess.n_fft",
    "win_length": "preprocess.win_size",
    "hop_length": "preprocess.hop_size",
    "n_mels": "preprocess.n_mel",
    "f_min": "preprocess.fmin",
    "f_max": "preprocess.fmax",
}
_SOURCE_RULES: Rules = (
    (r"^m_source\.l_linear\.", "source.mix."),
    (r"^noise_convs\.", "source_convs."),
    (r"^source_conv\.", "source_conv."),
)
_SOURCE = r"^(m_source|noise_convs)\."


def import_nsf_hifigan(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published generator, of either source, or one of Amphion.

    Amphion's forward pass adds each stage's own input in place of its source, so that F0 goes unheard. That
    is imported as it is: a network without source, whose transposed convolutions give twice as much.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: openvpi's `config.json` beside the checkpoint, or Amphion's with its sections
            `preprocess` and `model`.

    Raises:
        CheckpointError: the tensors or the config are not NSF-HiFi-GAN's.
    """
    if "preprocess" in published_config:
        return _import_amphion(state_dict, published_config)
    sizes = read_sizes(
        NSFHiFiGANSizes,
        published_config,
        {**SIZE_KEYS, "sample_rate": "sampling_rate"},
        source="sine" if published_config.get("mini_nsf") else "harmonic",
    )
    mel = read_mel(published_config, HIFIGAN_MEL_KEYS, PRESETS["nsf_hifigan"])
    return import_network(state_dict, sizes, mel, NSFHiFiGANGenerator, _rules(sizes))


def _import_amphion(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    sizes = read_sizes(NSFHiFiGANSizes, published_config, _AMPHION_SIZE_KEYS, source="none")
    mel = read_mel(published_config, _AMPHION_MEL_KEYS, BIGVGAN_24K)
    doubled = {
        name: 2 * tensor if name.startswith("ups.") and name.endswith((".weight_g", ".bias")) else tensor
        for name, tensor in state_dict.items()
    }
    return import_network(doubled, sizes, mel, NSFHiFiGANGenerator, _rules(sizes), _SOURCE)


def _rules(sizes: NSFHiFiGANSizes) -> Rules:
    names = hifigan_rules(len(sizes.rates), len(sizes.block_kernel_sizes), ours="generator.")
    return (*_SOURCE_RULES, *names)


MEMBERS: Mapping[str, tuple[str, DiscriminatorConfig]] = {
    "period": ("discriminator.mpd.", MultiPeriodConfig(periods=PERIODS)),
    "scale": ("discriminator.msd.", MultiScaleConfig()),
}


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map openvpi's discriminators onto ours, `period` and `scale`; see `import_from_state_dict`."""
    return import_from_state_dict(published, MEMBERS)
