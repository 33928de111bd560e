"""apnet at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import MELS, STFT

MODEL = {
    **STFT,
    "in_channels": MELS,
    "channels": 16,
    "win_length": 64,
    "block_kernel_sizes": [3],
    "block_dilations": [[1, 3]],
}
SECTIONS = {"mel": {"framing": "centered"}}
