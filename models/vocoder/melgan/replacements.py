"""What MelGAN's network is kept from at inference."""

from __future__ import annotations

from hiervox.models.vocoder.melgan.network import MelGANGenerator
from hiervox.modules.kernels.rules import keeps_plain_weights

keeps_plain_weights(MelGANGenerator)  # slower by a sixth with weights laid out for a CPU
