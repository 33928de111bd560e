"""Whether conversion in windows is that of one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch import Tensor

from hiervox.models.base.pipelines.protocols import Recording
from hiervox.models.tts._voices import latents


def most_frames_in_windows(
    pipeline: Any, converting: Any, source: Recording, controls: Any, monkeypatch: pytest.MonkeyPatch
) -> int:
    """The most frames that a pass sees in windows of 200 frames, whose samples must be those of one pass.

    Args:
        pipeline: whose voice `bob` is converted to.
        converting: its network, whose `convert` takes (B, C, N) first.
        source: of some windows.
        controls: of the pipeline.
        monkeypatch: sets the windows' size.
    """
    monkeypatch.setattr(latents, "CONVERSION_WINDOW", 10**6)
    whole = np.concatenate(list(pipeline.vc_stream(source, "bob", controls)[1]))
    seen: list[int] = []
    convert = converting.convert

    def noted(frames: Tensor, *others: Any) -> Any:
        seen.append(frames.shape[2])
        return convert(frames, *others)

    monkeypatch.setattr(converting, "convert", noted)
    monkeypatch.setattr(latents, "CONVERSION_WINDOW", 200)
    windows = np.concatenate(list(pipeline.vc_stream(source, "bob", controls)[1]))
    assert len(seen) > 2
    np.testing.assert_allclose(windows, whole, atol=1e-5)
    return max(seen)
