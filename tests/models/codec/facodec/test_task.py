"""Tests of `hiervox.models.codec.facodec.task` and its losses at a tiny size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.codec.facodec.config import FACodecExperiment
from hiervox.models.codec.facodec.losses import UNVOICED, frame_energy, normalised_log_f0
from hiervox.models.codec.facodec.networks.facodec import FACodec
from hiervox.models.codec.facodec.networks.predictors import reverse_gradient
from hiervox.models.codec.facodec.task import FACodecTask
from tests.models.codec.facodec.tiny_facodec import FORMS, HOP, RATE
from tests.overfit import overfit

FRAMES = 12
JUDGE = {
    "type": "descript",
    "period": {"periods": [2], "channels": [4]},
    "window_lengths": [256],
    "channels": 4,
}


def _task(form: str = "authors", **sections: object) -> FACodecTask:
    tree = {
        "system": "facodec",
        "part": "facodec",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": FORMS[form],
        "segment_frames": FRAMES,
        "text": {"symbols": "_abcde"},
        "features": {"speaker": {"names": ["one", "other"]}},
        "discriminators": {"descript": JUDGE},
        **sections,
    }
    return FACodecTask(FACodecExperiment.model_validate(tree))


def _batch() -> Batch:
    """Two hums, which say one phone after the other; the second is shorter than a segment."""
    time = torch.arange(FRAMES * HOP) / RATE
    f0 = torch.stack([120 + 400 * time, 250 - 300 * time])
    phase = 2 * torch.pi * torch.cumsum(f0 / RATE, 1)
    wav = 0.3 * torch.sin(phase) * torch.tensor([[1.0], [0.5]]) + 0.1 * torch.sin(3 * phase)
    curve = f0[:, ::HOP].clone()
    curve[:, -3:] = 0
    return {
        "ids": ["long", "short"],
        "wav": wav,
        "f0": curve,
        "phones": (torch.arange(FRAMES) // 3 % 6).expand(2, -1).contiguous(),
        "speaker": torch.tensor([0, 1]),
        "frames": torch.tensor([FRAMES, FRAMES - 2]),
    }


@pytest.mark.parametrize("form", ["authors", "causal"])
def test_one_batch_is_learnt_by_heart(form: str) -> None:
    torch.manual_seed(0)
    loss = dict.fromkeys(("adversarial", "feature_matching"), 0.0)
    history = overfit(_task(form, loss=loss), _batch(), steps=14, learning_rate=1e-2)
    shares = {"mel": 0.7, "f0": 0.9, "energy": 0.7, "phone": 0.8}
    assert set(history[0]) >= {*shares, "commitment", "codebook"}
    for name, share in shares.items():
        assert history[-1][name] < share * history[0][name], name


def test_a_step_with_discriminators_and_what_is_shown() -> None:
    engine = StepEngine(_task(), device="cpu")
    terms = engine.step(_batch(), 0)
    assert {"discriminator", "adversarial", "feature_matching", "reversed_phone"} <= set(terms)
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), _batch())
    assert {wav.shape for wav, _ in media.audio.values()} == {(FRAMES * HOP,)}
    assert set(media.audio) == {"recorded", "decoded", "without_residual", "converted"}


def _gradient_of(output: Tensor, network: FACodec, part: str) -> float:
    parameters = [value for name, value in network.named_parameters() if name.startswith(part)]
    gradients = torch.autograd.grad(output, parameters, retain_graph=True, allow_unused=True)
    return sum(float(gradient.abs().sum()) for gradient in gradients if gradient is not None)


def test_what_trains_which_books() -> None:
    network = _task().build_generator().train()
    wav = _batch()["wav"].unsqueeze(1)
    torch.manual_seed(1)
    output = network(wav, wav, torch.tensor([FRAMES * HOP] * 2))
    for attribute in ("prosody", "content"):
        assert _gradient_of(output.wav.sum(), network, f"quantizers.{attribute}") == 0
    assert _gradient_of(output.said["phone_of_content"].sum(), network, "quantizers.content") > 0
    assert _gradient_of(output.said["phone_of_content"].sum(), network, "quantizers.prosody") == 0


def test_reversed_gradients_change_their_sign() -> None:
    x = torch.randn(3, requires_grad=True)
    (2 * reverse_gradient(x)).sum().backward()
    torch.testing.assert_close(x.grad, torch.full((3,), -2.0))


def test_targets() -> None:
    f0 = torch.tensor([[100.0, 0.0, 400.0], [0.0, 0.0, 0.0], [150.0, 0.0, 0.0], [90.0, 90.0, 0.0]])
    half = 0.5**0.5
    expected = [[-half, UNVOICED, half], *[[UNVOICED] * 3] * 3]
    torch.testing.assert_close(normalised_log_f0(f0), torch.tensor(expected))
    mel = torch.tensor([3.0, 4.0])[None, :, None]
    torch.testing.assert_close(frame_energy(mel.log()), torch.tensor([[5.0]]).log())


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"data": {"cuts": "x", "sample_rate": 22050}}, "data needs sample_rate 16000"),
        ({"features": {"pitch": {"hop_seconds": 0.005}}}, "hop_seconds must be the hop"),
        ({"segment_frames": 4}, "segment_frames are too few"),
        ({"text": {}}, "n_phones must be"),
    ],
)
def test_sections_that_do_not_fit_are_refused(sections: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(**sections)
