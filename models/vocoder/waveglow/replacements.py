"""What WaveGlow's network is kept from at inference."""

from __future__ import annotations

from hiervox.models.vocoder.waveglow.network import WaveGlow
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(WaveGlow)  # not measured with weights laid out for a CPU
