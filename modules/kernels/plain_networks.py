"""Networks that gain nothing from weights laid out for a CPU, or have not been measured with them.

Those of one system are in its `replacements.py`.
"""

from __future__ import annotations

from hiervox.modules.autoregressive.generation import AutoregressiveGenerator
from hiervox.modules.diffusion import wavegrad_blocks
from hiervox.modules.diffusion.process import DiffusionGenerator
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(
    # not measured; one sample at a time reads weights, however they lie
    AutoregressiveGenerator,
    DiffusionGenerator,
    wavegrad_blocks.DownsamplingBlock,
    wavegrad_blocks.UpsamplingBlock,
)
