"""melgan at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS

MODEL = {"in_channels": MELS, "initial_channels": 16, "rates": [8, 2], "dilations": [1, 3]}
