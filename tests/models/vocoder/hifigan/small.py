"""hifigan at a size that a test can train."""

from __future__ import annotations

from tests.models.vocoder.sizes import UPSAMPLING

MODEL = UPSAMPLING
