from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.metrics.periodicity import PeriodicityError
from hiervox.evaluation.table import Utterance
from tests.evaluation.rows import noise, number, pair, scored
from tests.evaluation.sounds import SAMPLE_RATE, melody

torchcrepe = pytest.importorskip("torchcrepe", reason="needs the extra crepe")


def test_agrees_with_torchcrepe_called_by_hand(tmp_path) -> None:
    """CARGAN's recipe: predict, silence by A-weighted level, root mean square of the difference."""
    import torch

    first, second = melody(seconds=0.6), noise(0.6)
    tracks = []
    for wav in (first, second):
        sound = torch.from_numpy(wav)[None]
        _, periodicity = torchcrepe.predict(
            sound, SAMPLE_RATE, 160, 50.0, 550.0, model="tiny", return_periodicity=True, device="cpu"
        )
        tracks.append(torchcrepe.threshold.Silence(-60.0)(periodicity, sound, SAMPLE_RATE, 160)[0].numpy())
    expected = np.sqrt(np.mean((tracks[0] - tracks[1]) ** 2))
    scores = scored(PeriodicityError(), pair(tmp_path, first, second))
    assert scores["periodicity_rmse"] == pytest.approx(expected, rel=1e-4)
    assert number(scores, "periodicity_rmse") > 0.3


def test_a_recording_against_itself_is_zero_and_other_lengths_are_not_measured(tmp_path) -> None:
    same = pair(tmp_path, melody(seconds=0.4), melody(seconds=0.4))
    metric = PeriodicityError()
    assert scored(metric, same)["periodicity_rmse"] == 0
    assert metric.score(Utterance(2, "1", "x", same.audio)) is None
    other = pair(tmp_path, melody(seconds=0.4), melody(seconds=0.8))
    assert PeriodicityError().score(other) is None
