"""Golden outputs of VITS: inference, conversion and a training batch of the published configs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.training.discriminators import build_discriminator
from hiervox.models.tts._vae.config import DISCRIMINATORS
from hiervox.models.tts._vae.network import LatentDraws
from hiervox.models.tts.vits.config import VitsConfig
from hiervox.models.tts.vits.network import Vits, VitsOutput
from hiervox.models.tts.vits.published import import_vits
from hiervox.modules.alignment.monotonic import generate_path, maximum_path
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.adversarial import discriminator_loss, feature_matching_loss, generator_loss
from hiervox.modules.losses.duration import duration_nll
from hiervox.modules.losses.kl import flow_kl
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.modules.predictors.duration import DurationPredictor
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.spectrogram import linear_spectrogram, log_mel, log_mel_of
from tests.golden import Case, Golden, Output, with_weights

# What configs/ljs_base.json, ljs_nosdp.json and vctk_base.json set alike.
MODEL: dict[str, Any] = {
    "inter_channels": 192,
    "hidden_channels": 192,
    "filter_channels": 768,
    "n_heads": 2,
    "n_layers": 6,
    "kernel_size": 3,
    "p_dropout": 0.1,
    "resblock": "1",
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "upsample_rates": [8, 8, 2, 2],
    "upsample_initial_channel": 512,
    "upsample_kernel_sizes": [16, 16, 4, 4],
}
DATA = {"sampling_rate": 22_050, "filter_length": 1024, "hop_length": 256, "win_length": 1024}
MEL = mel_preset("vits")
PARTS = {
    "dec": "decoder",
    "dp": "duration_predictor",
    "emb_g": "speaker_table",
    "enc_p": "text_encoder",
    "enc_q": "posterior_encoder",
    "flow": "flow",
}


def _network(golden: Golden) -> Vits:
    published = {"model": MODEL | {"use_sdp": golden.name != "vits_ljs_nosdp"}, "data": DATA}
    sections, weights = import_vits(golden.state_dict(), published)
    config = sections["model"]
    assert isinstance(config, VitsConfig)
    network: Vits = with_weights(Vits(config), weights)
    return network


def _style(network: Vits, golden: Golden, key: str) -> Tensor | None:
    return network.table_style(golden[key]) if key in golden else None


@torch.no_grad()
def _inference(golden: Golden, network: Vits) -> Iterator[Output]:
    """Without noise, step by step and in one."""
    tokens, style = golden["tokens"], _style(network, golden, "speaker")
    lengths = tokens.new_tensor([tokens.shape[1]])
    mask = sequence_mask(lengths)
    hidden, mean, log_std = network.text_encoder(tokens, mask)
    yield "text_hidden", hidden
    yield "prior_mean", mean
    yield "prior_logs", log_std
    predictor = network.duration_predictor
    if isinstance(predictor, DurationPredictor):
        yield "log_duration", predictor.log_durations(hidden, mask, style)
    else:
        yield "log_duration", predictor.sample(hidden, mask, style, 0.0)
    silent = {"noise_scale": 0.0, "duration_noise_scale": 0.0}
    slow = network.infer(tokens, lengths, style, length_scale=1.3, **silent)
    yield "durations_length_1.3", slow.durations[:, None]
    spoken = network.infer(tokens, lengths, style, **silent)
    yield "durations", spoken.durations[:, None]
    yield "expanded_mean", mean @ spoken.alignment.mT
    yield "flow_reverse", spoken.z
    yield "audio", network.decode(spoken.z, style)


@torch.no_grad()
def _noisy_inference(golden: Golden, network: Vits) -> Iterator[Output]:
    """With recorded noise, at the published scales."""
    tokens, style = golden["tokens"], _style(network, golden, "speaker")
    mask = torch.ones_like(tokens)[:, None].float()
    hidden, mean, log_std = network.text_encoder(tokens, mask)
    predictor = network.duration_predictor
    assert not isinstance(predictor, DurationPredictor)
    log_durations = predictor.log_durations(hidden, mask, style, 0.8 * golden["duration_noise"])
    yield "noisy_log_duration", log_durations
    durations = log_durations.exp().ceil()
    yield "noisy_durations", durations
    frames = int(durations.sum())
    alignment = generate_path(durations[:, 0], mask.new_ones(1, frames, tokens.shape[1]))
    noise = golden["prior_noise"][:, :, :frames] * (log_std @ alignment.mT).exp()
    z_prior = mean @ alignment.mT + 0.667 * noise
    z = network.flow(z_prior, mask.new_ones(1, 1, frames), style, reverse=True)
    yield "noisy_audio", network.decode(z, style)


@torch.no_grad()
def _analysis(golden: Golden, network: Vits) -> Iterator[Output]:
    """Spectrograms, posterior, reconstruction, conversion."""
    spec, style = golden["spec"], _style(network, golden, "speaker")
    yield "spec", linear_spectrogram(golden["wav"], MEL)
    yield "mel", log_mel(golden["wav"], MEL)
    lengths = torch.tensor([spec.shape[2]], device=spec.device)
    mask = sequence_mask(lengths)
    mean, log_std = network.posterior_encoder(spec, mask, style)
    yield "posterior_mean", mean
    yield "posterior_logs", log_std
    yield "flow_of_mean", network.flow(mean, mask, style)
    yield "audio_of_mean", network.decode(mean, style)
    other = _style(network, golden, "other_speaker")
    if style is not None and other is not None:
        latent = network.convert(spec, lengths, style, other)
        yield "conversion_latent", latent
        yield "conversion_audio", network.decode(latent, other)


@torch.enable_grad()
def _training(golden: Golden, network: Vits) -> Iterator[Output]:
    """A batch in training, dropout off: what is aligned, decoded and lost, and the gradients' norms."""
    spec, lengths = golden["train_spec"], golden["train_spec_lengths"]
    yield "train_spec", _spectrograms(golden)
    draws = LatentDraws(
        golden["train_posterior_noise"], golden["train_duration_noise"], golden["train_slice_start"]
    )
    names = golden.names("train_speaker")
    speakers = golden[names[0]] if names else None
    output = network(spec, lengths, golden["train_tokens"], golden["train_token_lengths"], speakers, draws)
    yield "train_neg_cent", output.prior.likelihood
    yield "train_alignment", output.prior.alignment
    yield "train_prior_latent", output.z_prior.detach()
    yield "train_duration_nll", output.prior.duration_loss.detach() / output.prior.token_mask.sum()
    yield "train_audio", output.wav.detach()
    mel = slice_segments(log_mel_of(spec, MEL), draws.starts, network.config.segment_frames)
    generated = log_mel(output.wav.squeeze(1), MEL)
    yield "train_mel", mel
    yield "train_generated_mel", generated.detach()
    yield from _losses(golden, network, output, mel, generated)


def _spectrograms(golden: Golden) -> Tensor:
    """Of each clip alone, so that its end is reflected."""
    spec = torch.zeros_like(golden["train_spec"])
    for own, wav, length in zip(spec, golden["train_wav"], golden["train_wav_lengths"], strict=True):
        alone = linear_spectrogram(wav[:, :length], MEL)[0]
        own[:, : alone.shape[1]] = alone
    return spec


@torch.enable_grad()
def _losses(
    golden: Golden, network: Vits, output: VitsOutput, mel: Tensor, generated: Tensor
) -> Iterator[Output]:
    losses = {
        "mel": 45 * mel_l1(generated, mel),
        "duration": duration_nll(output.prior.duration_loss, output.prior.token_mask),
        "kl": flow_kl(
            output.z_prior,
            output.posterior_log_std,
            output.prior.mean,
            output.prior.log_std,
            output.mask,
        ),
    }
    for name, loss in losses.items():
        yield f"train_loss_{name}", loss.detach()[None]
    torch.stack(list(losses.values())).sum().backward()
    for name in golden.names(r"train_grad_norm_\w+"):
        part = network.get_submodule(PARTS[name.removeprefix("train_grad_norm_")])
        # in double precision: over millions of numbers a sum in single precision loses three digits
        norms = [one.grad.double().norm() for one in part.parameters() if one.grad is not None]
        yield name, torch.stack(norms).norm()[None]


def _alignment(golden: Golden) -> Iterator[Output]:
    frames, tokens = golden["align_frame_lengths"], golden["align_token_lengths"]
    likelihood = golden["align_neg_cent"]
    both = sequence_mask(frames, likelihood.shape[1]).mT * sequence_mask(tokens, likelihood.shape[2])
    yield "align_path", maximum_path(likelihood, both)


def vits(golden: Golden) -> Iterator[Output]:
    """A published config with the stochastic duration predictor."""
    network = _network(golden)
    yield from _inference(golden, network)
    yield from _noisy_inference(golden, network)
    yield from _analysis(golden, network)
    yield from _training(golden, network)
    if "align_path" in golden:
        yield from _alignment(golden)


def vits_nosdp(golden: Golden) -> Iterator[Output]:
    """The deterministic duration predictor."""
    network = _network(golden)
    yield from _inference(golden, network)
    mask = torch.ones_like(golden["tokens"])[:, None].float()
    with torch.no_grad():
        hidden, _, _ = network.text_encoder(golden["tokens"], mask)
        loss = network.duration_predictor(hidden, mask, None, golden["target_durations"].float())
    yield "loss_duration", duration_nll(loss, mask)[None]


def _rules(published: str, ours: str) -> tuple[tuple[str, str], ...]:
    """Of one convolutional discriminator, by its name in either model; both end in a dot."""
    return (
        (rf"^{published}convs\.", f"{ours}stack.convs."),
        (rf"^{published}conv_post\.", f"{ours}stack.last."),
    )


def vits_discriminator(golden: Golden) -> Iterator[Output]:
    """Logits, statistics of the feature maps, and the losses as published."""
    network = DiscriminatorEnsemble(
        {name: build_discriminator(entry) for name, entry in DISCRIMINATORS.items()}
    )
    rules = _rules(r"discriminators\.0\.", "members.scale.discriminators.0.")
    for number in range(5):
        ours = f"members.period.discriminators.{number}."
        rules += _rules(rf"discriminators\.{number + 1}\.", ours)
    with_weights(network, map_tensors(golden.state_dict(), rules, network))
    with torch.no_grad():
        outputs = {kind: network(golden[kind]) for kind in ("real", "generated")}
    for kind, own in outputs.items():
        for number, output in enumerate(own):
            yield f"{kind}_output_{number}", output.logits
            means, stds = zip(*((one.mean(), one.std()) for one in output.features), strict=True)
            yield f"{kind}_feature_mean_{number}", torch.stack(means)
            yield f"{kind}_feature_std_{number}", torch.stack(stds)
    real, generated = outputs["real"], outputs["generated"]
    yield "loss_discriminator", discriminator_loss(real, generated)[None]
    yield "loss_generator", generator_loss(generated)[None]
    yield "loss_feature", 2 * feature_matching_loss(real, generated)[None]


CASES: dict[str, Case] = {
    "vits_ljs": vits,
    "vits_vctk": vits,
    "vits_ljs_nosdp": vits_nosdp,
    "vits_discriminator": vits_discriminator,
}
