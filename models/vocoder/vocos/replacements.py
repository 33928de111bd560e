"""What Vocos's network is kept from at inference."""

from __future__ import annotations

from hiervox.models.vocoder.vocos.network import Vocos
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(Vocos)  # as quick with weights laid out for a CPU
