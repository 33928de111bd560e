"""Golden outputs of DDDM-VC and of its F0 quantiser."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.models.vc.dddm_vc.networks.dddm_vc import DDDMVC
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer, F0QuantizerSizes
from hiervox.models.vc.dddm_vc.published import import_dddm_vc, import_f0_quantizer
from hiervox.modules.diffusion.mean_reverting import MeanRevertingDiffusion, NoiseRates, score_loss
from tests.golden import Case, Golden, Output, with_weights

CONFIG = {"diffusion": {"dec_dim": 128, "spk_dim": 128, "beta_min": 0.05, "beta_max": 20.0}}
F0_CONFIG = {
    "f0_encoder_params": {"width": 32, "downs_t": [4], "depth": 4},
    "f0_vq_params": {"l_bins": 20, "emb_width": 128, "mu": 0.99},
}
GENTLE = MeanRevertingDiffusion(NoiseRates(last=2.0))
"""Of the `reverse_*` tensors: an untrained score would multiply noise by hundreds."""


def converter(golden: Golden) -> Iterator[Output]:
    """Style, priors, scores, diffusion, loss, both solvers, and a whole conversion."""
    sizes, weights = import_dddm_vc(golden.state_dict(), CONFIG)
    own: DDDMVC = with_weights(DDDMVC(sizes), weights)
    semantic, codes, target = golden["w2v"], golden["f0_code"], golden["target_mel"]
    style = own.style(target, torch.ones_like(target[:, :1]))
    priors = own.priors(semantic, codes, torch.ones_like(semantic[:, :1]), style)
    yield "style", style
    yield "source_out", priors[0]
    yield "filter_out", priors[1]
    x, prior, mask = golden["score_x"], golden["score_prior"], golden["score_mask"]
    voice, time = golden["score_style"], golden["score_time"]
    yield "score_source", own.source_score(x, prior, mask, voice, time)[0]
    yield "score_filter", own.filter_score(x, prior, mask, voice, time)[0]
    noise = golden["diffusion_noise"] * mask
    filter_prior = golden["filter_out"][..., : x.shape[2]].expand_as(prior)
    states = own.diffusion.diffused(x, torch.stack([prior, filter_prior]), time, noise, mask)
    yield "diffused_source", states[0]
    yield "diffused_filter", states[1]
    both = torch.stack([prior, prior])
    states = own.diffusion.diffused(x, both, time, noise, mask)
    score = own.score(states, both, mask, voice, time)
    yield "loss", score_loss(score, noise, own.diffusion.deviation(time), mask).reshape(1)

    def gentle(solver: str) -> torch.Tensor:
        priors = golden["reverse_prior"]
        return GENTLE.sample(
            lambda states, time: own.score(states, priors, mask, voice, time),
            golden["reverse_start"],
            priors,
            mask,
            golden["reverse_noise"],
            4,
            solver,  # type: ignore[arg-type]
        )

    yield "reverse_ml", gentle("ml")
    yield "reverse_em", gentle("em")
    source = golden["source_mel"]
    noises = golden["conversion_noise"][..., : source.shape[2]]  # the published code pads outside the U-Net
    given = semantic, codes, source, style, noises, 4
    yield "converted_mel", own.convert(*given)
    yield "converted_mel_euler", own.convert(*given, "em")


def quantizer(golden: Golden) -> Iterator[Output]:
    """The encoder, its codes, and the nearest entries of given vectors."""
    fresh = F0Quantizer(F0QuantizerSizes()).state_dict()
    decoder = {name: tensor for name, tensor in fresh.items() if name.startswith(("decoder.", "output."))}
    sizes, weights = import_f0_quantizer({**golden.state_dict(), **decoder}, F0_CONFIG)
    own: F0Quantizer = with_weights(F0Quantizer(sizes), weights)
    f0 = golden["normalised_f0"]
    yield "f0_hidden", own.encoder(f0)
    yield "f0_code", own.encode(f0.squeeze(1))
    yield "vector_codes", own.codebook.encode(golden["vectors"].T[None]).squeeze(0)


CASES: dict[str, Case] = {"dddm_vc": converter, "dddm_vc_f0": quantizer}
