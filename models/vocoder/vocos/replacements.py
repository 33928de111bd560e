"""What Vocos's network is kept from at inference."""

from __future__ import annotations

from hiervox.modules.generators.vocos import Vocos
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(Vocos)  # as quick with weights laid out for a CPU
