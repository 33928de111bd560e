"""waveglow at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import HOP, MELS

MODEL = {
    "in_channels": MELS,
    "hop_length": HOP,
    "upsampling_kernel": 64,
    "n_flows": 3,
    "early_every": 2,
    "channels": 16,
    "n_layers": 2,
}
SECTIONS = {"mel": {"preset": "tacotron"}}
