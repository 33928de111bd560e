"""Tests of `hiervox.models.svc.vits_svc` at a tiny size."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.svc._singing.pipeline import SingerVoices
from hiervox.models.svc.vits_svc.config import VitsSVCExperiment
from hiervox.models.svc.vits_svc.network import VitsSVC, VitsSVCDraws
from hiervox.models.svc.vits_svc.published import UNHEARD, _doubled, import_vits_svc
from hiervox.models.svc.vits_svc.task import VitsSVCTask
from hiervox.utils.errors import CheckpointError
from tests.models.svc.tiny import HOP, batch, experiment_tree
from tests.models.svc.vits_svc.parity_cases import CONFIG
from tests.models.svc.vits_svc.tiny_vits_svc import MODEL, write_vits_svc
from tests.overfit import overfit

JUDGE = {"period": {"type": "multi_period", "periods": [2, 3], "channels": [2, 4, 4, 4]}}


def _task(model: dict[str, Any] | None = None) -> VitsSVCTask:
    tree = experiment_tree("vits_svc", {**MODEL, **(model or {})}, discriminators=JUDGE)
    return VitsSVCTask(VitsSVCExperiment.model_validate(tree))


def test_it_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    history = overfit(_task(), batch(), steps=60, learning_rate=4e-3)
    assert {"mel", "kl", "adversarial", "feature_matching", "discriminator"} == set(history[0])
    for name, share in {"mel": 0.6, "kl": 0.7}.items():
        first, last = (sum(terms[name] for terms in part) for part in (history[:10], history[-10:]))
        assert last < share * first, name


def test_the_decoder_hears_the_f0_of_the_slice() -> None:
    """What is decoded in training is what the whole latent gives there, with the F0 of those frames."""
    torch.manual_seed(0)
    task = _task()
    network, given = VitsSVC(task.config.model).eval(), batch()
    song, starts = task.song(given), torch.tensor([17, 9])
    draws = VitsSVCDraws(torch.randn(2, 8, 40), starts)
    with torch.no_grad():
        output = network(song, given["speaker"], given["linear"], draws)
        for item, start in enumerate(starts.tolist()):
            frames = slice(start, start + 12)
            alone = network.decode(output.posterior.z[[item], :, frames], song.f0[[item], frames])
            torch.testing.assert_close(output.wav[[item]], alone)
            other = network.decode(output.posterior.z[[item], :, frames], 1.5 * song.f0[[item], frames])
            assert (other - alone).abs().max() > 1e-4


def test_padding_is_not_seen() -> None:
    torch.manual_seed(0)
    task = _task()
    network, given = VitsSVC(task.config.model).eval(), batch()
    song, style = task.song(given), network.table_style(given["speaker"])
    noise = torch.randn(2, 8, 40)
    with torch.no_grad():
        both = network.latent(song, style, noise)
        alone = network.latent(song.frames(0, 32), style, noise[..., :32])
    torch.testing.assert_close(both[1, :, :32], alone[1], atol=1e-5, rtol=1e-4)
    assert not both[1, :, 32:].any()


def test_voices_by_recordings_and_of_one_singer() -> None:
    for voice in ("reference", "none"):
        losses = StepEngine(_task({"voice": voice, "speakers": ()}), device="cpu").step(batch(), 0)
        assert all(value.isfinite() for value in losses.values())


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), batch())
    assert set(media.figures) == {"mel/recorded", "mel/sung"}


def test_sound_in_chunks_is_that_of_one_pass(tmp_path: Path) -> None:
    pipeline = hiervox.load(write_vits_svc(tmp_path / "model"), device="cpu")
    converter, frames = pipeline.converter, 230
    assert isinstance(converter.voices, SingerVoices)
    z, f0 = torch.randn(8, frames), np.linspace(150, 300, frames, dtype=np.float32)
    chunks = list(converter.sound(z, f0, pipeline.controls()))
    assert [len(chunk) // HOP for chunk in chunks] == [100, 100, 30]
    with torch.no_grad():
        whole = converter.network.decode(z[None], torch.from_numpy(f0)[None])[0, 0]
    np.testing.assert_allclose(np.concatenate(chunks), whole.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"style_channels": 16}, r"condition.hidden_channels \+ latent_style_channels, 24"),
        ({"channels": 10}, "decoder.in_channels is 8, but channels 10"),
        ({"n_bins": 257}, "model.n_bins must be 513"),
        ({"decoder": {**MODEL["decoder"], "sample_rate": 16_000}}, "16000 Hz and hops of 256"),
        ({"prior": {"n_heads": 3}}, "prior.n_heads must divide"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(model: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(model)


def test_weights_with_another_generator_are_refused() -> None:
    config = {**CONFIG, "model": {**CONFIG["model"], "generator": "apnet"}}
    with pytest.raises(CheckpointError, match="the generator 'apnet' of VitsSVC is not read"):
        import_vits_svc({}, config)


def test_the_published_source_is_left_out_and_the_decoder_doubled() -> None:
    """NSF-HiFi-GAN's published forward pass adds each stage's own input to itself."""
    assert [_doubled(f"dec.ups.0.{name}") for name in ("weight_g", "bias", "weight_v")] == [True, True, False]
    assert not _doubled("dec.resblocks.0.convs1.0.bias")
    assert re.search(UNHEARD, "dec.m_source.l_linear.weight") and re.search(UNHEARD, "dec.noise_convs.0.bias")
