"""What VALL-E's network is kept from at inference."""

from __future__ import annotations

from hiervox.models.tts.valle.networks.pre_norm import PreNormTransformer
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(PreNormTransformer)  # one token at a time reads weights, however they lie
