"""Golden outputs of VitsSVC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from hiervox.models.svc.vits_svc.network import VitsSVC, VitsSVCDraws, VitsSVCSizes
from hiervox.models.svc.vits_svc.published import import_vits_svc
from hiervox.modules.discriminators.stack import DiscriminatorOutput
from hiervox.modules.functional.masking import slice_segments
from hiervox.modules.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss
from hiervox.modules.losses.kl import flow_kl
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from tests.golden import Case, Golden, Output, with_weights
from tests.models.svc.golden_songs import condition_of, song_of

CONFIG: dict[str, Any] = {
    "preprocess": {
        "sample_rate": 24_000,
        "n_fft": 512,
        "win_size": 512,
        "hop_size": 256,
        "n_mel": 20,
        "fmin": 0,
        "fmax": 12_000,
        "segment_size": 12 * 256,
    },
    "model": {
        "generator": "hifigan",
        "vits": {
            "inter_channels": 32,
            "filter_channels": 48,
            "n_heads": 2,
            "n_layers": 3,
            "kernel_size": 3,
            "p_dropout": 0.1,
            "n_flow_layer": 4,
        },
        "generator_config": {
            "hifigan": {
                "resblock": "1",
                "upsample_rates": [8, 8, 2, 2],
                "upsample_kernel_sizes": [16, 16, 4, 4],
                "upsample_initial_channel": 64,
                "resblock_kernel_sizes": [3, 7, 11],
                "resblock_dilation_sizes": [[1, 3, 5]] * 3,
            }
        },
    },
}
MEL_WEIGHT, MATCHING_WEIGHT = 45, 2


def vits_svc(golden: Golden) -> Iterator[Output]:
    """The training pass, the losses with given answers of a judge, and inference."""
    sections, weights = import_vits_svc(golden.state_dict(), CONFIG)
    sizes, mel_config = sections["model"], sections["mel"]
    assert isinstance(sizes, VitsSVCSizes) and isinstance(mel_config, SpectrogramConfig)
    network: VitsSVC = with_weights(VitsSVC(sizes), weights)
    song, singers = song_of(golden), golden["spk_id"].squeeze(1)
    golden.unused -= {
        "audio",
        "prior_noise",
    }  # of the linear spectrogram, which is given; of a draw that no loss reads
    condition = condition_of(golden, network)
    yield "condition", condition.mT
    # the golden file's flags of voicing reach the condition alone
    network.condition = lambda song, style: condition  # type: ignore[method-assign]
    draws = VitsSVCDraws(golden["posterior_noise"], golden["slice_starts"])
    output = network(song, singers, golden["linear"].mT, draws)
    for name, made in (
        ("m_p", output.prior_mean),
        ("logs_p", output.prior_log_std),
        ("m_q", output.posterior.mean),
        ("logs_q", output.posterior.log_std),
        ("z", output.posterior.z),
        ("z_p", output.z_prior),
        ("y_hat", output.wav),
    ):
        yield name, made
    generated = log_mel(golden["y_hat"].squeeze(1), mel_config)
    yield "mel_slice_generated", generated
    mel = slice_segments(golden["mel"].mT, golden["slice_starts"], sizes.segment_frames)
    yield "mel_slice", mel
    losses = {
        "mel": MEL_WEIGHT * mel_l1(generated, mel),
        "kl": flow_kl(golden["z_p"], golden["logs_q"], golden["m_p"], golden["logs_p"], song.mask),
        **_judged(golden),
    }
    for name in ("mel", "kl", "fm", "gen", "disc_all"):
        yield f"loss_{name}", losses[name]
    yield "loss_gen_all", losses["mel"] + losses["kl"] + losses["fm"] + losses["gen"]
    whole = song.masked_by(torch.ones_like(song.mask))  # published inference takes padding for song
    z = network.latent(whole, network.table_style(singers), 0.667 * golden["infer_noise"])
    yield "infer_audio", network.decode(z, song.f0)


def _judged(golden: Golden) -> dict[str, torch.Tensor]:
    """What the given answers of two discriminators cost, weighted as published."""
    real, fake = (
        [
            DiscriminatorOutput(golden[f"y_d_hat_{side}_{number}"], [golden[f"fmap_{side}s_{number}"]])
            for number in range(2)
        ]
        for side in "rg"
    )
    return {
        "fm": MATCHING_WEIGHT * feature_matching_loss(real, fake),
        "gen": generator_loss(fake),
        "disc_all": discriminator_loss(real, fake),
    }


CASES: dict[str, Case] = {"svc_vits": vits_svc}
