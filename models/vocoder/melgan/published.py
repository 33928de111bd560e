"""The authors' MelGAN generators (github.com/descriptinc/melgan-neurips, MIT) as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.published_config import read_sizes
from hiervox.models.vocoder._gan.published import Member, import_members
from hiervox.models.vocoder.melgan.network import MelGANGenerator, MelGANSizes
from hiervox.models.vocoder.published import Imported, Rules, import_network
from hiervox.modules.discriminators.multi_scale import MelGANMultiScaleConfig
from hiervox.processors.mel_presets import PRESETS

_WIDTH = 16
"""Channels before the first stage over `ngf`."""


def import_melgan(state_dict: dict[str, Tensor], published_config: dict[str, Any]) -> Imported:
    """Map a published generator, such as `linda_johnson.pt` or `multi_speaker.pt`.

    Args:
        state_dict: the authors' tensors by their names.
        published_config: the training arguments (`args.yml`) as JSON: `n_mel_channels`, `ngf`,
            `n_residual_layers`. The strides are fixed in the published code.

    Raises:
        CheckpointError: the tensors or the config are not MelGAN's.
    """
    sizes = read_sizes(
        MelGANSizes,
        published_config,
        {"in_channels": "n_mel_channels"},
        initial_channels=_WIDTH * int(published_config.get("ngf", 32)),
        dilations=[3**layer for layer in range(int(published_config.get("n_residual_layers", 3)))],
    )
    return import_network(state_dict, sizes, PRESETS["melgan"], MelGANGenerator, _rules(sizes))


def _rules(sizes: MelGANSizes) -> Rules:
    """The published network is one sequence: padding, convolution, and so on."""
    blocks, first = len(sizes.dilations), 2
    length = 2 + blocks  # of a stage: activation, transposed convolution, residual blocks
    rules = [(r"^model\.1\.", "input.")]
    for stage in range(len(sizes.rates)):
        start = first + stage * length
        rules.append((rf"^model\.{start + 1}\.", f"stages.{stage}.up."))
        rules += [
            (rf"^model\.{start + 2 + block}\.", f"stages.{stage}.blocks.{block}.") for block in range(blocks)
        ]
    rules.append((rf"^model\.{first + len(sizes.rates) * length + 2}\.", "output."))
    return (*rules, (r"\.block\.2\.", ".dilated."), (r"\.block\.4\.", ".pointwise."))


def import_discriminators(published: Mapping[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Map the discriminators of a `netD.pt` onto ours, `scale`.

    Args:
        published: the file's one state dict under the key "".

    Raises:
        CheckpointError: one is missing or of other sizes.
    """
    return import_members(published, {"scale": Member("", MelGANMultiScaleConfig(), "model.")})
