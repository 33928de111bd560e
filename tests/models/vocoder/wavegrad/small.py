"""wavegrad at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS

MODEL = {
    "in_channels": MELS,
    "mel_channels": 16,
    "rates": [4, 4],
    "channels": [16, 8],
    "dilations": [[1, 2, 1, 2], [1, 2, 4, 8]],
    "wave_channels": [8, 16],
    "sampling_steps": 2,
}
