"""Pre-emphasis of vocoders that draw samples: learnt, stored with the checkpoint, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.vocoder._autoregressive.config import AutoregressiveVocoderExperiment
from hiervox.models.vocoder._autoregressive.task import AutoregressiveVocoderTask
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.models.vocoder.training import build_network
from hiervox.models.vocoder.wavenet.published import import_wavenet
from hiervox.modules.autoregressive.generation import Folding
from hiervox.processors.pre_emphasis import DeEmphasis, PreEmphasisConfig, pre_emphasize
from hiervox.utils.errors import CheckpointError
from tests.golden import OFFICIAL, Golden
from tests.models.vocoder.small import HOP, MELS, experiment
from tests.models.vocoder.wavenet.parity_cases import CONFIG

SHAPE = PreEmphasisConfig(coefficient=0.85, gain=0.55)
SYSTEMS = ["wavenet", "wavernn"]


def _experiment(system: str) -> AutoregressiveVocoderExperiment:
    config = experiment(system)
    assert isinstance(config, AutoregressiveVocoderExperiment)
    return config.model_copy(update={"pre_emphasis": SHAPE})


def _network(system: str) -> Any:
    torch.manual_seed(0)
    return build_network(experiment(system)).eval()


def _mel() -> np.ndarray:
    return np.random.default_rng(0).normal(-3, 1, (MELS, 10)).astype(np.float32)


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_drawn_is_brought_back(system: str, tmp_path: Path) -> None:
    """From a checkpoint, whole, in chunks and folded."""
    config, network, mel = _experiment(system), _network(system), _mel()
    save_weights(tmp_path, network.state_dict(), config.model_dump(mode="json"))
    loaded = VocoderPipeline.load(tmp_path)
    drawn = VocoderPipeline(network, config.mel).vocode(mel)
    undo = DeEmphasis(SHAPE)
    expected = undo(torch.from_numpy(drawn)).clamp(-1, 1).numpy()
    assert np.abs(expected - drawn).max() > 0.1
    np.testing.assert_allclose(loaded.vocode(mel), expected, atol=1e-5)
    np.testing.assert_allclose(np.concatenate(list(loaded.stream(mel, frames=3))), expected, atol=1e-5)
    folded = loaded.vocode_folded(mel, Folding(10 * HOP, 4))
    np.testing.assert_allclose(folded, expected, atol=1e-5)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_network_learns_the_shaped_waveform(system: str) -> None:
    """Of the spectrogram of the recording as it is."""
    plain, shaped, network = experiment(system), _experiment(system), _network(system)
    assert isinstance(plain, AutoregressiveVocoderExperiment) and plain.data.segment_samples
    wav = 0.3 * torch.randn(2, plain.data.segment_samples, generator=torch.Generator().manual_seed(0))
    task = AutoregressiveVocoderTask(shaped)
    given = {"wav": wav, "predicted_mel": task.input_mel({"wav": wav})}
    expected = AutoregressiveVocoderTask(plain).forward(
        {"main": network}, {**given, "wav": pre_emphasize(wav, SHAPE).clamp(-1, 1)}
    )
    torch.testing.assert_close(task.forward({"main": network}, {"wav": wav}), expected)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, PreEmphasisConfig()),
        ({"preprocess": "", "global_gain_scale": -1}, PreEmphasisConfig()),
        ({"preprocess": "preemphasis", "global_gain_scale": 0.55}, SHAPE),
    ],
)
def test_published_settings_come_along(
    shared: Path, keys: dict[str, Any], expected: PreEmphasisConfig
) -> None:
    sections, _ = import_wavenet(Golden(OFFICIAL, "wavenet_mol").state_dict(), {**CONFIG, **keys})
    assert sections["pre_emphasis"] == expected


def test_an_unknown_preprocessing_is_refused(shared: Path) -> None:
    with pytest.raises(CheckpointError, match="preprocess 'pitch'"):
        import_wavenet(Golden(OFFICIAL, "wavenet_mol").state_dict(), {**CONFIG, "preprocess": "pitch"})
