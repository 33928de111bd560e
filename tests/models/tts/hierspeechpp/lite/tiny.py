"""Networks with options, small enough for tests."""

from __future__ import annotations

from typing import Any

from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerConfig
from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourSizes
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import SpectralGeneratorSizes
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import SpeakerEncoderSizes
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecConfig
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config

SPECTRAL = SpectralGeneratorSizes(frame_channels=8, source_block_channels=8, source_blocks=2)
SPEAKER = SpeakerEncoderSizes(hidden_channels=8, max_seconds=0.3)
CONTOUR = ContourSizes(channels=8, dilations=(1, 3), fine_channels=4, fine_dilations=(1,), speaker=SPEAKER)


def lite_synthesizer(**options: Any) -> LiteSynthesizerConfig:
    """`TINY_SYNTHESIZER` with options."""
    return LiteSynthesizerConfig.model_validate({**TINY_SYNTHESIZER.model_dump(), **options})


def lite_text_to_vec(semantic_channels: int = 6, **options: Any) -> LiteTextToVecConfig:
    """`tiny_config` with options."""
    return LiteTextToVecConfig.model_validate({**tiny_config(semantic_channels).model_dump(), **options})
