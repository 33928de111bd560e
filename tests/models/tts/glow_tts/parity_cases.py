"""Golden outputs of Glow-TTS: text encoder, durations, flow both ways, alignment, losses, synthesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hiervox.models.tts._flow.config import FlowModelConfig
from hiervox.models.tts._flow.network import FlowOutput, FlowTextToFrames
from hiervox.models.tts._flow.task import flow_losses
from hiervox.models.tts.glow_tts.published import import_glow_tts
from hiervox.modules.alignment.monotonic import gaussian_log_likelihood, generate_path, maximum_path
from hiervox.modules.functional.masking import sequence_mask
from tests.golden import Case, Golden, Output, with_weights

# configs/base_blank.json
PUBLISHED: dict[str, Any] = {
    "data": {"sampling_rate": 22_050, "filter_length": 1024, "hop_length": 256, "win_length": 1024}
    | {"n_mel_channels": 80, "mel_fmin": 0.0, "mel_fmax": 8000.0, "add_blank": True},
    "model": {"hidden_channels": 192, "filter_channels": 768, "filter_channels_dp": 256}
    | {"kernel_size": 3, "p_dropout": 0.1, "n_blocks_dec": 12, "n_layers_enc": 6, "n_heads": 2}
    | {"p_dropout_dec": 0.05, "dilation_rate": 1, "kernel_size_dec": 5, "n_block_layers": 4, "n_sqz": 2}
    | {"prenet": True, "mean_only": True, "hidden_channels_enc": 192, "hidden_channels_dec": 192}
    | {"window_size": 4},
}


def _network(golden: Golden) -> FlowTextToFrames:
    sections, weights = import_glow_tts(golden.state_dict(), PUBLISHED)
    config = sections["model"]
    assert isinstance(config, FlowModelConfig)
    network: FlowTextToFrames = with_weights(FlowTextToFrames(config), weights)
    return network


def _training(golden: Golden, network: FlowTextToFrames, speakers: Tensor | None) -> FlowOutput:
    output: FlowOutput = network(
        golden["mel"], golden["mel_lengths"], golden["tokens"], golden["token_lengths"], speakers
    )
    return output


def _common(golden: Golden, output: FlowOutput) -> Iterator[Output]:
    yield "log_duration", output.log_durations
    yield "z", output.z
    yield "logdet", output.log_determinant
    yield "alignment", output.alignment.mT.to(torch.uint8)


@torch.no_grad()
def glow_tts(golden: Golden) -> Iterator[Output]:
    """One speaker: a training batch with its losses, synthesis, the alignment search alone."""
    network = _network(golden)
    output = _training(golden, network, None)
    yield from _common(golden, output)
    _, mean, log_std = network.text_encoder(golden["tokens"], output.token_mask)
    yield "text_mean", mean
    yield "log_duration_target", output.target_log_durations
    yield "z_mean", output.mean
    yield "log_likelihood", gaussian_log_likelihood(output.z, mean, log_std).mT
    losses = flow_losses(output)
    yield "losses", torch.stack([losses["likelihood"], losses["duration"]])
    yield from _synthesis(golden, network)
    texts, frames = golden["mas_lengths"]
    value = golden["mas_value"]
    both = sequence_mask(frames, value.shape[2]).mT * sequence_mask(texts, value.shape[1])
    yield "mas_path", maximum_path(value.mT, both).mT.to(torch.uint8)


def _synthesis(golden: Golden, network: FlowTextToFrames) -> Iterator[Output]:
    """With the recorded noise; `infer` draws its own, and has to give as many frames."""
    length_scale, noise_scale = golden["length_noise_scale"].tolist()
    tokens, lengths = golden["tokens"], golden["token_lengths"]
    token_mask = sequence_mask(lengths, tokens.shape[1])
    mean, log_std, log_durations = network.read_text(tokens, token_mask, None)
    durations = torch.ceil(log_durations.exp() * token_mask * length_scale).squeeze(1)
    yield "gen_durations", durations.long()
    mask = sequence_mask(network.flow.whole(durations.sum(1).long()))
    alignment = generate_path(durations, mask.mT * token_mask)
    noise = golden["gen_noise"][:, :, : mask.shape[2]]
    z = (mean @ alignment.mT + noise * noise_scale * (log_std @ alignment.mT).exp()) * mask
    yield "gen_mel", network.flow.inverse(z, mask)
    made = network.infer(tokens, lengths, None, noise_scale, length_scale)
    yield "frames of infer", made.frame_lengths, mask.sum((1, 2)).long()


@torch.no_grad()
def glow_tts_speakers(golden: Golden) -> Iterator[Output]:
    """Several speakers: a training batch, and the flow backwards."""
    network = _network(golden)
    output = _training(golden, network, golden["speakers"])
    yield from _common(golden, output)
    style = network.table_style(golden["speakers"])
    yield "reverse_of_0_667_z", network.flow.inverse(0.667 * output.z, output.mask, style)


CASES: dict[str, Case] = {"glow_tts": glow_tts, "glow_tts_speakers": glow_tts_speakers}
