"""What EnCodec's networks are kept from at inference."""

from __future__ import annotations

from hiervox.models.codec.encodec.networks.decoder import SEANetDecoder
from hiervox.models.codec.encodec.networks.encoder import SEANetEncoder
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(SEANetEncoder, SEANetDecoder)  # a codec's tokens are decisions, which rounding can turn
