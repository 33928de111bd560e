"""diffwave at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS

MODEL = {
    "in_channels": MELS,
    "channels": 8,
    "n_layers": 4,
    "dilation_cycle": 2,
    "rates": [4, 4],
    "sampling_betas": [0.01, 0.3],
}
