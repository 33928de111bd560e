"""Golden outputs of JETS: a training pass of Amphion's code, stage by stage, its losses, and inference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.tts._variance.durations import (
    expand_by_durations,
    gaussian_upsampling,
    mean_by_durations,
)
from hiervox.models.tts._variance.variance_adaptor import whole_frames
from hiervox.models.tts.jets.aligner import LOWEST, beta_binomial_prior
from hiervox.models.tts.jets.network import Jets
from hiervox.models.tts.jets.published import import_jets
from hiervox.modules.alignment.monotonic import maximum_path
from hiervox.modules.discriminators.stack import DiscriminatorOutput
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss
from hiervox.modules.losses.ctc import attention_ctc_loss, binarization_loss
from hiervox.modules.losses.reconstruction import masked_mse, mel_l1
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.spectrogram import log_mel
from tests.golden import Case, Golden, Output, with_weights

PUBLISHED: dict[str, Any] = {
    "hifigan": {
        "upsample_initial_channel": 256,
        "upsample_rates": [8, 8, 4],
        "upsample_kernel_sizes": [16, 16, 8],
        "resblock_kernel_sizes": [3, 5, 7],
        "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
        "resblock": "2",
    }
}

MEL = mel_preset("tacotron").model_copy(update={"f_max": 11_025.0, "log": "log10", "floor": 1e-10})
"""Of the published loss."""


def _finite(log_probabilities: Tensor) -> Tensor:
    """0 where the golden file has it for minus infinity."""
    return log_probabilities.where(log_probabilities > LOWEST / 2, 0.0)


@torch.no_grad()
def jets(golden: Golden) -> Iterator[Output]:
    """The published pass; what is faulty in it is done here, not in the network."""
    sections, weights = import_jets(golden.state_dict(), PUBLISHED)
    network: Jets = with_weights(Jets(sections["model"]), weights)  # type: ignore[arg-type]
    token_lengths, frame_lengths = golden["text_len"], golden["target_len"]
    token_mask = sequence_mask(token_lengths, golden["texts"].shape[1])
    mask = sequence_mask(frame_lengths, golden["mel"].shape[1])
    hidden = network.encode(golden["texts"], token_mask)
    yield "encoded", hidden.mT
    yield "prior", _finite(beta_binomial_prior(mask, token_mask))
    log_attention = network.aligner(hidden, golden["mel"].mT, token_mask, mask)
    real = mask.mT * token_mask
    yield "log_attention", _finite(log_attention), golden["log_attention"] * token_mask
    alignment = maximum_path(log_attention * real, real)
    durations = alignment.sum(1)
    yield "durations", durations
    upsampled = gaussian_upsampling(hidden, durations.long()) * mask
    yield "gaussian_upsampled", upsampled.mT, golden["gaussian_upsampled"] * mask.mT

    averaged = {
        name: mean_by_durations(golden[name][:, None], durations.long()) for name in ("pitch", "energy")
    }
    everywhere = torch.ones_like(token_mask)
    log_durations = network.adaptor.duration_predictor.predict(hidden, token_mask, everywhere)
    yield "log_duration", log_durations[:, 0]
    numbers = hidden + averaged["pitch"] + averaged["energy"]  # as published, in place of embeddings
    predicted = {}
    for name, values in averaged.items():
        yield f"{name}_averaged", values.mT
        variance = getattr(network.adaptor, name)
        predicted[name] = variance.predictor.predict(numbers, token_mask, everywhere)
        yield f"{name}_predicted", predicted[name][:, 0]
    frames = network.decoder(expand_by_durations(numbers, durations.long(), mask.shape[2]), mask)
    yield "decoded", frames.mT
    wav = network.generator(slice_segments(frames, golden["segment_starts"], 10))
    yield "audio", wav

    logs = torch.log(durations + 1)[:, None]
    terms = {"duration": masked_mse(log_durations, logs, token_mask)}
    terms |= {name: masked_mse(predicted[name], values, token_mask) for name, values in averaged.items()}
    terms["forwardsum"] = attention_ctc_loss(log_attention, frame_lengths, token_lengths)
    terms["binarisation"] = binarization_loss(log_attention, alignment)
    for name, term in terms.items():
        yield f"{name}_loss", term
    yield from _sums(golden, terms, wav)
    yield from _inference(golden, network, hidden, token_mask)


def _sums(golden: Golden, terms: dict[str, Tensor], wav: Tensor) -> Iterator[Output]:
    """The published weights; the discriminators' answers are given."""
    segment = slice_segments(golden["speech"], 256 * golden["segment_starts"], wav.shape[2])
    yield "speech_segment", segment
    mel = 45 * mel_l1(log_mel(wav[:, 0], MEL), log_mel(segment[:, 0], MEL))
    yield "mel_loss", mel
    real, generated = (
        [
            DiscriminatorOutput(maps[-1], maps)
            for maps in ([golden[f"judge_{kind}_{judge}_{map}"] for map in range(2)] for judge in range(2))
        ]
        for kind in ("real", "generated")
    )
    adversarial, matching = generator_loss(generated), 2 * feature_matching_loss(real, generated)
    yield "adv_loss", adversarial
    yield "feat_match_loss", matching
    yield "loss_disc_all", discriminator_loss(real, generated, reduction="mean")
    of_sound = mel + adversarial + matching
    of_variances = terms["duration"] + terms["pitch"] + terms["energy"]
    of_alignment = 2 * (terms["forwardsum"] + terms["binarisation"])
    yield "g_loss", of_sound
    yield "var_loss", of_variances
    yield "align_loss", of_alignment
    yield "g_total_loss", of_sound + of_variances + of_alignment


def _inference(golden: Golden, network: Jets, hidden: Tensor, token_mask: Tensor) -> Iterator[Output]:
    """Both embeddings are of what is predicted from the hidden sequence itself."""
    everywhere = torch.ones_like(token_mask)
    adaptor = network.adaptor
    durations = whole_frames(adaptor.duration_predictor.predict(hidden, token_mask, everywhere)[:, 0])
    durations = durations * token_mask[:, 0].long()
    yield "infer_durations", durations
    embedded = hidden
    for variance in (adaptor.pitch, adaptor.energy):
        embedded = embedded + variance.embed(variance.predictor.predict(hidden, token_mask, everywhere))
    frames = expand_by_durations(embedded, durations)
    mask = sequence_mask(durations.sum(1), frames.shape[2])
    wav = network.generator(network.decoder(frames, mask))
    yield "infer_audio", F.pad(wav, (0, golden["infer_audio"].shape[2] - wav.shape[2]))


CASES: dict[str, Case] = {"jets": jets}
