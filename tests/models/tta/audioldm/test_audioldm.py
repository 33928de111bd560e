"""Tests of `hiervox.models.tta.audioldm` and of what it shares, at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tta._latent.autoencoder import MelAutoencoderSizes
from hiervox.models.tta._latent.blocks import ResidualBlock
from hiervox.models.tta._latent.config import (
    AutoencoderExperiment,
    LatentDiffusionExperiment,
    require_same_latent,
)
from hiervox.models.tta._latent.diffusion import LatentDiffusion, LatentDiffusionSizes
from hiervox.models.tta._latent.tasks import AutoencoderTask, min_snr_weight
from hiervox.models.tta.audioldm.task import AudioLDMTask
from hiervox.utils.errors import ConfigError
from tests.models.tta.tiny import (
    AUTOENCODER,
    DIFFUSION,
    SAMPLES,
    UNET,
    batch,
    experiment_tree,
    write_audioldm,
)
from tests.overfit import overfit


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audioldm") / "bundle"
    write_audioldm(folder)
    return folder


def _autoencoder(**more: Any) -> AutoencoderTask:
    more = {"patches": {"channels": 4, "n_layers": 1}, **more}
    tree = experiment_tree("audioldm", "autoencoder", AUTOENCODER, **more)
    return AutoencoderTask(AutoencoderExperiment.model_validate(tree))


def _diffusion(bundle: Path, **more: Any) -> AudioLDMTask:
    data = {"autoencoder": str(bundle / "autoencoder"), **more.pop("data", {})}
    tree = experiment_tree("audioldm", "diffusion", DIFFUSION, data=data, **more)
    return AudioLDMTask(LatentDiffusionExperiment.model_validate(tree))


def test_an_autoencoder_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    history = overfit(_autoencoder(loss={"adversarial": 0.0}), batch(), steps=20, learning_rate=2e-2)
    assert history[-1]["reconstruction"] < 0.7 * history[0]["reconstruction"]
    assert "discriminator" not in history[-1]


def test_the_discriminator_takes_part_from_its_step_on() -> None:
    networks = {"discriminator": {"start_step": 1}}
    history = overfit(_autoencoder(train={"networks": networks}), batch(), steps=2)
    assert set(history[0]) == {"reconstruction", "kl"}
    assert set(history[1]) == {"reconstruction", "kl", "adversarial", "discriminator"}


def test_the_diffusion_learns_a_batch_by_heart(bundle: Path) -> None:
    torch.manual_seed(0)
    task = _diffusion(bundle, data={"keep_latents": True})
    history = overfit(task, batch(), steps=40, learning_rate=3e-2)
    first, last = (sum(terms["diffusion"] for terms in part) for part in (history[:10], history[-10:]))
    assert last < 0.9 * first


def test_latents_are_normalised_by_what_was_measured(bundle: Path) -> None:
    torch.manual_seed(0)
    task = _diffusion(bundle, train={"batch_size": 2})
    network = LatentDiffusion(LatentDiffusionSizes.model_validate({**DIFFUSION, "statistics_batches": 1}))
    latents = 3 * torch.randn(2, 4, 4, 8) + 5
    network.train()(latents, ["a", "b"], torch.ones(2, dtype=torch.bool))
    normalised = network.statistics.normalise(latents)
    assert abs(float(normalised.mean())) < 0.1 and abs(float(normalised.std()) - 1) < 0.1
    assert task.latents(batch(), training=False).shape == (2, 4, 4, 8)


def test_media_of_a_batch(bundle: Path) -> None:
    for task, names in (
        (_autoencoder(), {"mel/recorded", "mel/reconstructed"}),
        (_diffusion(bundle), {"mel/recorded", "mel/sampled"}),
    ):
        engine = StepEngine(task, device="cpu")
        with torch.no_grad():
            media = engine.task.media(engine.inference_networks(), batch())
        assert set(media.figures) == names


def test_a_caption_becomes_sound(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, device="cpu")
    quick = pipeline.controls(steps=2)
    wav = pipeline.tta("Rain on a roof.", controls=quick)
    assert wav.shape == (SAMPLES,) and np.isfinite(wav).all() and np.abs(wav).max() <= 1
    assert np.array_equal(wav, pipeline.tta("Rain on a roof.", controls=quick))
    assert not np.array_equal(wav, pipeline.tta("A bell.", controls=quick))
    plain = pipeline.controls(steps=2, guidance=1.0)
    assert not np.array_equal(wav, pipeline.tta("Rain on a roof.", controls=plain))
    assert pipeline.tta("Rain on a roof.", 0.25, quick).shape == (4000,)
    assert pipeline.tta("Rain on a roof.", 1.0, pipeline.controls(steps=2, peak=0.5)).shape == (16_000,)


def test_what_can_not_be_made_is_refused(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, device="cpu")
    with pytest.raises(ConfigError, match="the caption is empty"):
        pipeline.tta(" ")
    with pytest.raises(ConfigError, match="90 s can't be made: ask for 60 s at most"):
        pipeline.tta("Rain.", 90.0)


def test_another_autoencoder_is_refused(bundle: Path) -> None:
    diffusion = _diffusion(bundle).config
    wider = {**AUTOENCODER, "latent_channels": 8}
    tree = experiment_tree("audioldm", "autoencoder", wider)
    with pytest.raises(ConfigError, match="latent_channels 4 against 8"):
        require_same_latent(diffusion, AutoencoderExperiment.model_validate(tree))


@pytest.mark.parametrize(
    ("captions", "unet", "fault"),
    [
        ({"kind": "t5", "name": "x", "channels": 16}, UNET, "null or the captions' 16"),
        (
            {"kind": "clap", "name": "x", "channels": 8},
            UNET,
            "must be null or the captions' None",
        ),
        (DIFFUSION["captions"], {**UNET, "context_channels": None}, "takes nothing of the captions"),
    ],
)
def test_captions_and_network_have_to_fit(captions: dict[str, Any], unet: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        LatentDiffusionSizes.model_validate({**DIFFUSION, "captions": captions, "unet": unet})


def test_a_vector_alone_conditions_by_way_of_the_step() -> None:
    """The network of AudioLDM's paper: nothing is attended to."""
    torch.manual_seed(0)
    unet = {**UNET, "context_channels": None, "vector_channels": 8}
    network = LatentDiffusion(LatentDiffusionSizes.model_validate({**DIFFUSION, "unet": unet})).eval()
    torch.nn.init.normal_(network.unet.output.weight)
    for module in network.modules():
        if isinstance(module, ResidualBlock):
            torch.nn.init.normal_(module.conv2.weight, std=0.1)
    rain, bell = (network.captions([caption]) for caption in ("rain", "a bell"))
    assert rain.tokens is None and rain.vector is not None and rain.vector.shape == (1, 8)
    noisy, steps = torch.randn(1, 4, 4, 8), torch.tensor([500])
    assert not torch.allclose(network.predict(noisy, steps, rain), network.predict(noisy, steps, bell))


def test_sizes_that_do_not_fit_are_refused(bundle: Path) -> None:
    with pytest.raises(ValueError, match="n_mels must be a multiple of 4"):
        MelAutoencoderSizes(**{**AUTOENCODER, "n_mels": 18})
    with pytest.raises(ConfigError, match="segment_samples 8448 is not a multiple of 1024"):
        _autoencoder(data={"segment_samples": 256 * 33}, loss={"adversarial": 0.0})
    with pytest.raises(ConfigError, match="16 bins or frames are too small for the discriminator"):
        _autoencoder(patches={"n_layers": 3})
    longer = {"segment_samples": 2 * SAMPLES, "autoencoder": str(bundle / "autoencoder")}
    tree = experiment_tree("audioldm", "diffusion", DIFFUSION, data=longer)
    task = AudioLDMTask(LatentDiffusionExperiment.model_validate(tree))
    with pytest.raises(ConfigError, match="latent_places to 16"):
        _ = task.autoencoder


def test_min_snr_weights() -> None:
    levels = torch.tensor([0.5, 10 / 11])  # ratios of 1 and 10
    torch.testing.assert_close(min_snr_weight(levels, 5.0), torch.tensor([1.0, 0.5]))
