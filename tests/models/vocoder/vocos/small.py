"""vocos at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS, STFT

MODEL = {**STFT, "in_channels": MELS, "channels": 16, "hidden_channels": 32, "n_blocks": 2}
SECTIONS = {"mel": {"framing": "centered"}}
