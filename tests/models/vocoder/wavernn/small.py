"""wavernn at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS

MODEL = {
    "in_channels": MELS,
    "rates": [4, 4],
    "channels": 16,
    "linear_channels": 16,
    "residual_channels": 8,
    "n_blocks": 1,
    "auxiliary_channels": 8,
    "components": 2,
}
