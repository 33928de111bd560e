"""What UnivNet's network is kept from at inference."""

from __future__ import annotations

from hiervox.models.vocoder.univnet.networks.univnet import UnivNetGenerator
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(UnivNetGenerator)  # as quick with weights laid out for a CPU
