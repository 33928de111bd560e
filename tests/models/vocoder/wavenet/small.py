"""wavenet at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS

MODEL = {
    "in_channels": MELS,
    "rates": [4, 4],
    "n_layers": 4,
    "n_stacks": 2,
    "channels": 8,
    "gate_channels": 16,
    "skip_channels": 8,
    "components": 2,
}
