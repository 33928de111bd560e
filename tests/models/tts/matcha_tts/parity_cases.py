"""Golden outputs of Matcha-TTS: text encoder, durations, alignment, losses, velocity, synthesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.tts.matcha_tts.config import MatchaConfig
from hiervox.models.tts.matcha_tts.networks.matcha_tts import LEAST_DURATION, MatchaOutput, MatchaTts
from hiervox.models.tts.matcha_tts.networks.velocity import VelocityUNet
from hiervox.models.tts.matcha_tts.published import decoder_rules, import_matcha_tts, read_decoder
from hiervox.models.tts.matcha_tts.task import matcha_losses
from hiervox.modules.alignment.monotonic import generate_path
from hiervox.modules.diffusion.flow_matching import probability_path
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.spectrogram import log_mel
from tests.golden import Case, Golden, Output, with_weights

DECODER: dict[str, Any] = {"channels": [32, 32], "dropout": 0.05, "attention_head_dim": 16, "n_blocks": 1}
DECODER |= {"num_mid_blocks": 2, "num_heads": 2, "act_fn": "snakebeta"}
MEL_MEAN, MEL_STD = -5.5, 2.1


def published(channels: int, filter_channels: int, prenet: bool) -> dict[str, Any]:
    """`hyper_parameters` of a size."""
    encoder = {"n_feats": 20, "n_channels": channels, "filter_channels": filter_channels, "n_heads": 2}
    encoder |= {"n_layers": 2, "kernel_size": 3, "p_dropout": 0.1, "prenet": prenet}
    durations = {"filter_channels_dp": 40, "kernel_size": 3, "p_dropout": 0.1}
    sections = {"encoder_params": encoder, "duration_predictor_params": durations}
    return {"encoder": sections, "decoder": DECODER}


def _network(golden: Golden, which: str) -> MatchaTts:
    state = golden.state_dict()
    own = {name.removeprefix(f"{which}."): x for name, x in state.items() if name.startswith(f"{which}.")}
    own |= {"mel_mean": torch.tensor(MEL_MEAN), "mel_std": torch.tensor(MEL_STD)}
    width = own["encoder.encoder.ffn_layers.0.conv_1.weight"].shape[0]
    sections, weights = import_matcha_tts(own, published(48, width, "encoder.prenet.proj.bias" in own))
    config = sections["model"]
    assert isinstance(config, MatchaConfig)
    network: MatchaTts = with_weights(MatchaTts(config), weights)
    return network


def _losses(
    golden: Golden,
    network: MatchaTts,
    alignment: Tensor,
    style: Tensor | None,
    starts: Tensor | None = None,
) -> tuple[MatchaOutput, Tensor]:
    """A training pass with the golden noise, and its losses as published: with the noise of padding."""
    mel, lengths = golden["mel"], golden["mel_lengths"]
    token_mask = sequence_mask(golden["token_lengths"], golden["tokens"].shape[1])
    hidden, token_mean = network.text_encoder(golden["tokens"], token_mask, style)
    mask, mean = sequence_mask(lengths, mel.shape[2]), token_mean @ alignment.mT
    noise = golden["loss_noise"]
    if starts is not None:
        size = golden["segment_noise"].shape[2]
        noise = golden["segment_noise"]
        mel, mean, mask = (slice_segments(each, starts, size) for each in (mel, mean, mask))
    time = golden["loss_time"].flatten()
    velocity, target = network.flow_pass(mel, mean, mask, style, time, noise)
    output = MatchaOutput(
        mel=mel,
        mean=mean,
        mask=mask,
        token_mask=token_mask,
        alignment=alignment,
        log_durations=network.duration_predictor.log_durations(hidden, token_mask),
        target_log_durations=(alignment.sum(1, keepdim=True) + LEAST_DURATION).log() * token_mask,
        velocity=velocity,
        target_velocity=target,
        style=style,
    )
    losses = matcha_losses(output)
    padding = (probability_path(noise, mel, time)[1] * (1 - mask)).square().sum()
    published_flow = losses["flow"] + padding / (mask.sum() * mel.shape[1])
    return output, torch.stack([losses["duration"], losses["prior"], published_flow])


def _speaker(golden: Golden, network: MatchaTts, which: str) -> Iterator[Output]:
    token_mask = sequence_mask(golden["token_lengths"], golden["tokens"].shape[1])
    style = network.table_style(golden["speakers"]) if which == "multi" else None
    mean, log_durations = network.read_text(golden["tokens"], token_mask, style)
    yield f"{which}_mean", mean
    yield f"{which}_log_duration", log_durations
    mel, lengths = golden["mel"], golden["mel_lengths"]
    mask = sequence_mask(lengths, mel.shape[2])
    alignment = network.align(mel, mean, mask, token_mask)
    yield f"{which}_durations", alignment.sum(1).long()
    output, losses = _losses(golden, network, alignment, style)
    yield f"{which}_losses", losses
    time = golden["loss_time"].flatten()
    yield f"{which}_noisy", probability_path(golden["loss_noise"], mel, time)[0]
    yield f"{which}_velocity", output.velocity
    for end, steps, scale in (("", 5, 1.0), ("_slow", 2, 1.5)):
        yield from _synthesis(golden, network, f"{which}_infer_%s{end}", style, steps, scale)


def _synthesis(
    golden: Golden, network: MatchaTts, name: str, style: Tensor | None, steps: int, scale: float
) -> Iterator[Output]:
    """With the recorded noise; `infer` draws its own, and has to give as many frames."""
    tokens, token_lengths = golden["tokens"], golden["token_lengths"]
    token_mask = sequence_mask(token_lengths, tokens.shape[1])
    token_mean, log_durations = network.read_text(tokens, token_mask, style)
    durations = ((log_durations.exp() * token_mask).ceil() * scale).squeeze(1)
    noise = golden[name % "noise"]
    lengths = durations.sum(1).long()
    yield name % "lengths", lengths
    mask = sequence_mask(lengths, noise.shape[2])
    alignment = generate_path(durations, mask.mT * token_mask)
    yield name % "attention", alignment.mT.to(torch.uint8)
    mean = token_mean @ alignment.mT
    longest = int(lengths.max())
    yield name % "mean", mean[:, :, :longest]
    mel = network.sample(0.667 * noise, mean, mask, style, steps, "euler")[:, :, :longest]
    yield name % "normalised", network.normalise(mel)
    yield name % "mel", mel
    made = network.infer(tokens, token_lengths, style, length_scale=scale, steps=steps)
    yield f"frames of infer, {name}", made.frame_lengths, lengths
    yield f"durations of infer, {name}", made.durations, alignment.sum(1).long()


@torch.no_grad()
def matcha_tts(golden: Golden) -> Iterator[Output]:
    """One speaker and seven, and U-Nets of other activations and of three levels."""
    for which in ("single", "multi"):
        yield from _speaker(golden, _network(golden, which), which)
    network = _network(golden, "single")
    token_mask = sequence_mask(golden["token_lengths"], golden["tokens"].shape[1])
    mean, _ = network.read_text(golden["tokens"], token_mask, None)
    mask = sequence_mask(golden["mel_lengths"], golden["mel"].shape[2])
    own = network.align(golden["mel"], mean, mask, token_mask)
    yield "single_losses_segment", _losses(golden, network, own, None, golden["segment_starts"])[1]
    given = generate_path(golden["given_durations"], mask.mT * token_mask)
    yield "single_losses_given_durations", _losses(golden, network, given, None)[1]
    yield from _other_decoders(golden, network, mask)
    yield "log_mel", log_mel(golden["wav"], mel_preset("hifigan"))


def _other_decoders(golden: Golden, network: MatchaTts, mask: Tensor) -> Iterator[Output]:
    noisy, other, time = golden["single_noisy"], golden["other_mean"], golden["loss_time"].flatten()
    first = network.decoder(noisy[:1], other[:1], mask[:1], None, torch.tensor([0.4], device=noisy.device))
    yield "velocity_number_time", first
    kinds: dict[str, dict[str, Any]] = {kind: {"act_fn": kind} for kind in ("geglu", "gelu")}
    kinds["conformer"] = {f"{place}_block_type": "conformer" for place in ("down", "mid", "up")}
    kinds["conformer"]["channels"] = [32, 32]
    for kind, more in kinds.items():
        state = {name: x for name, x in golden.state_dict().items() if name.startswith(f"{kind}.")}
        for name in [name for name in state if name.endswith(".running_mean")]:
            state[name.replace("running_mean", "num_batches_tracked")] = torch.tensor(0)
        sizes = read_decoder(DECODER | {"channels": [32, 64, 32], "num_mid_blocks": 1} | more)
        decoder = VelocityUNet(sizes, mel_channels=20, style_channels=0)
        rules = decoder_rules(published=rf"{kind}\.", ours="")
        decoder = with_weights(decoder, map_tensors(state, rules, decoder))
        yield f"{kind}_velocity", decoder(noisy, other, mask, None, time)


CASES: dict[str, Case] = {"matcha_tts": matcha_tts}
