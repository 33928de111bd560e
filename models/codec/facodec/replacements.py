"""What FACodec's networks are kept from at inference."""

from __future__ import annotations

from hiervox.models.codec.facodec.networks.layers import Encoder
from hiervox.models.codec.facodec.networks.prosody import ProsodyTransformer, ProsodyWaveNet
from hiervox.models.codec.facodec.networks.quantizer import FactorizedQuantizer
from hiervox.modules.kernels.rules import keeps_plain_weights

# a codec's tokens are decisions, which rounding can turn
keeps_plain_weights(Encoder, FactorizedQuantizer, ProsodyTransformer, ProsodyWaveNet)
