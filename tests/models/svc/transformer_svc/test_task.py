"""Tests of `hiervox.models.svc.transformer_svc.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.svc.transformer_svc.config import TransformerSVCExperiment
from hiervox.models.svc.transformer_svc.network import TransformerSVC
from hiervox.models.svc.transformer_svc.task import TransformerSVCTask
from hiervox.utils.errors import ConfigError
from tests.models.svc.tiny import SINGERS, TRANSFORMER, batch, experiment_tree
from tests.overfit import overfit


def _task(model: dict[str, Any] | None = None, **more: Any) -> TransformerSVCTask:
    tree = experiment_tree("transformer_svc", {"transformer": TRANSFORMER, **(model or {})}, **more)
    return TransformerSVCTask(TransformerSVCExperiment.model_validate(tree))


@pytest.mark.parametrize("kind", ["relative", "plain"])
def test_it_learns_a_batch_by_heart(kind: str) -> None:
    torch.manual_seed(0)
    task = _task({"transformer": {**TRANSFORMER, "kind": kind}})
    history = overfit(task, batch(), steps=60, learning_rate=6e-3)
    assert {"mel", "ssim"} < set(history[0])
    assert history[-1]["mel"] < 0.25 * history[0]["mel"] and history[-1]["ssim"] < 0.3 * history[0]["ssim"]


def test_padding_is_not_seen() -> None:
    torch.manual_seed(0)
    for kind in ("relative", "plain"):
        network = TransformerSVC(_task({"transformer": {**TRANSFORMER, "kind": kind}}).config.model).eval()
        task, given = _task(), batch()
        song, singers = task.song(given), given["speaker"]
        mels = network(song, singers)
        alone = network(song.frames(0, 32), singers)
        torch.testing.assert_close(mels[1, :, :32], alone[1], atol=1e-5, rtol=1e-4)
        assert not mels[1, :, 32:].any()


def test_the_pitch_of_singers_is_noted_in_training_alone() -> None:
    task = _task()
    engine = StepEngine(task, device="cpu")
    for step in range(2):
        engine.step(batch(), step)
    network = engine.bare("main")
    assert isinstance(network, TransformerSVC)
    assert network.singer_clips.tolist() == [2, 2]
    expected = [float(f0[f0 > 0].median()) for f0 in batch()["f0"]]
    torch.testing.assert_close(network.singer_log_f0.exp(), torch.tensor(expected))
    network.eval()(task.song(batch()), batch()["speaker"])
    assert network.singer_clips.tolist() == [2, 2]


def test_voices_by_recordings_and_of_one_singer() -> None:
    for voice, fields in (("reference", set()), ("none", set()), ("table", {"speaker"})):
        own = {"voice": voice, "speakers": SINGERS if voice == "table" else ()}
        task = _task(own)
        assert task.batch_fields() == {"mel", "content", "f0"} | fields
        losses = StepEngine(task, device="cpu").step(batch(), 0)
        assert all(value.isfinite() for value in losses.values())


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), batch())
    assert set(media.figures) == {"mel/recorded", "mel/sung"}


def test_content_of_another_width_is_refused() -> None:
    task = _task({"condition": {"content_channels": (12, 9), "hidden_channels": 16}})
    with pytest.raises(ConfigError, match=r"have 20 channels, but model\.condition\.content_channels has 21"):
        task.song(batch())


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"mel": {"preset": "bigvgan_24k"}}, "model.mel_channels must be mel.n_mels, 100"),
        ({"data": {"cuts": "unused", "sample_rate": 16_000}}, "data.sample_rate must be mel.sample_rate"),
        ({"features": {"content": [{"name": "a"}]}}, "a width for each of features.content"),
        ({"features": {"pitch": {"hop_seconds": 0.005}}}, "features.pitch.hop_seconds must be that of mel"),
        ({"features": {"speaker": {"names": ["eve"]}}}, "features.speaker.names must be model.speakers"),
    ],
)
def test_sections_that_do_not_fit_are_refused(sections: dict[str, Any], message: str) -> None:
    from tests.models.svc.tiny import FEATURES

    given = {"features": {**FEATURES, **sections["features"]}} if "features" in sections else sections
    with pytest.raises(ValueError, match=message):
        _task(**given)


def test_f0_has_a_value_a_frame_by_default() -> None:
    features = _task().config.features
    assert features.pitch.hop_seconds == pytest.approx(256 / 24_000) and features.pitch.method == "dio"
    assert features.speaker.names == SINGERS
