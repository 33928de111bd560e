"""univnet at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS

MODEL = {
    "in_channels": MELS,
    "noise_channels": 4,
    "channels": 8,
    "rates": [4, 4],
    "dilations": [1, 3],
    "predictor_channels": 8,
}
SECTIONS = {"data": {"segment_samples": 2048}}
"""The largest transform of its losses has 2048 samples."""
