"""istftnet at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import UPSAMPLING

MODEL = {**UPSAMPLING, "rates": [4], "kernel_sizes": [8], "n_fft": 16, "stft_hop_length": 4}
