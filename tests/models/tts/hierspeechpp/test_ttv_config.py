from __future__ import annotations

import pytest
from pydantic import ValidationError

from hiervox.models.tts.hierspeechpp.ttv_config import FlowSizes, TextToVecConfig


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"channels": 15}, "even"),
        ({"channels": 258}, "text_encoder.n_heads"),
        ({"flow": FlowSizes(hidden_channels=250)}, "flow.n_heads"),
        ({"duration": {"kernel_size": 4}}, "odd"),
        ({"pitch_channels": 6}, "multiple of 4"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TextToVecConfig.model_validate(sizes)
