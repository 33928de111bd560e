"""nsf_hifigan at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import HOP, RATE, UPSAMPLING

MODEL = {**UPSAMPLING, "sample_rate": RATE, "overtones": 2}
SECTIONS = {"features": {"pitch": {"method": "dio", "hop_seconds": HOP / RATE}}}
