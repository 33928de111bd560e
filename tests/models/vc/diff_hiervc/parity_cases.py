"""Golden outputs of Diff-HierVC."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import DiffHierVC, F0Prior, visible_bins
from hiervox.models.vc.diff_hiervc.published import import_diff_hiervc
from hiervox.modules.diffusion.mean_reverting import MeanRevertingDiffusion, NoiseRates, score_loss
from tests.golden import Case, Golden, Output, with_weights

CONFIG = {"diffusion": {"dec_dim": 64, "spk_dim": 128, "beta_min": 0.05, "beta_max": 20.0}}
GENTLE = MeanRevertingDiffusion(NoiseRates(last=2.0))
"""Of the `reverse_*` tensors: an untrained score would multiply noise by hundreds."""


def network(golden: Golden) -> Iterator[Output]:
    """Style, priors, scores, losses, the solver on both, and a whole conversion."""
    sizes, weights = import_diff_hiervc(golden.state_dict(), CONFIG)
    own: DiffHierVC = with_weights(DiffHierVC(sizes), weights)
    semantic, shape, log_f0 = golden["w2v"], golden["source_normalised_f0"], golden["source_log_f0"]
    target = golden["target_mel"]
    style = own.style(target, torch.ones_like(target[:, :1]))
    yield "style", style
    f0_prior = own.f0_prior(semantic, shape, torch.ones_like(shape), style)
    yield "f0_prior", f0_prior.log_f0
    yield "f0_hidden", f0_prior.hidden
    yield "mel_prior", own.mel_prior(semantic, log_f0, torch.ones_like(semantic[:, :1]), style)
    yield from _scores(golden, own)
    mel_noise, f0_noise = golden["conversion_noise_mel"], golden["conversion_noise_f0"]
    pitch = own.convert_pitch(semantic, shape, log_f0, style, f0_noise, 5)
    yield "converted_log_f0", pitch
    yield "converted_mel", own.convert(semantic, pitch, golden["source_mel"], style, mel_noise, 4)


def _scores(golden: Golden, own: DiffHierVC) -> Iterator[Output]:
    style, time = golden["score_style"], golden["score_time"]
    x, f0_mask, hidden = golden["score_f0_x"], golden["score_f0_mask"], golden["score_f0_hidden"]
    yield "score_f0", own.pitch_score(x, f0_mask, hidden, style, time)
    mel, prior, mask = golden["score_mel_x"], golden["score_mel_prior"], golden["score_mel_mask"]
    estimate, score = own.voice_score(mel, prior, mask, style, time)
    yield "score_mel", score
    yield "score_mel_masked_part", estimate

    visible = visible_bins(golden["loss_mask_starts"], own.sizes.band_bins, mel.shape[1])
    voice, estimate = own.denoised_voice(mel, mask, prior, style, time, visible, golden["loss_mel_noise"])
    f0_prior = F0Prior(hidden, 0.5 * x.flip(2))
    pitch = own.denoised_pitch(x, f0_mask, f0_prior, style, time, golden["loss_f0_noise"])
    losses = [
        score_loss(*voice),
        ((mel - estimate) * (1 - visible)).abs().mean(),
        score_loss(*pitch),
    ]
    yield "losses", torch.stack(losses)

    f0_start, f0_reverse_prior = golden["reverse_f0_start"], golden["reverse_f0_prior"]
    yield (
        "reverse_f0",
        GENTLE.sample(
            lambda x, time: own.pitch_score(x, f0_mask, hidden, style, time),
            f0_start,
            f0_reverse_prior,
            f0_mask,
            golden["reverse_f0_noise"],
            4,
        ),
    )
    reverse_prior = golden["reverse_mel_prior"]
    yield (
        "reverse_mel",
        GENTLE.sample(
            lambda x, time: own.voice_score(x, reverse_prior, mask, style, time)[1],
            golden["reverse_mel_start"],
            reverse_prior,
            mask,
            golden["reverse_mel_noise"],
            4,
        ),
    )


CASES: dict[str, Case] = {"diff_hiervc": network}
