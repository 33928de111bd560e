"""Networks that gain nothing from weights laid out for a CPU, or have not been measured with them."""

from __future__ import annotations

from hiervox.modules.autoregressive.generation import AutoregressiveGenerator
from hiervox.modules.diffusion import wavegrad_blocks
from hiervox.modules.diffusion.process import DiffusionGenerator
from hiervox.modules.encoders.seanet import SEANetEncoder
from hiervox.modules.flows.waveglow import WaveGlow
from hiervox.modules.generators.melgan import MelGANGenerator
from hiervox.modules.generators.seanet import SEANetDecoder
from hiervox.modules.generators.univnet import UnivNetGenerator
from hiervox.modules.generators.vocos import Vocos
from hiervox.modules.kernels.rules import keeps_plain_weights
from hiervox.modules.transformers.pre_norm import PreNormTransformer

keeps_plain_weights(
    MelGANGenerator,  # slower by a sixth
    UnivNetGenerator,  # as quick
    Vocos,  # as quick
    # not measured; one sample or token at a time reads weights, however they lie
    AutoregressiveGenerator,
    PreNormTransformer,
    DiffusionGenerator,
    wavegrad_blocks.DownsamplingBlock,
    wavegrad_blocks.UpsamplingBlock,
    WaveGlow,
    # a codec's tokens are decisions, which rounding can turn
    SEANetEncoder,
    SEANetDecoder,
)
