"""Golden outputs of F5-TTS and E2 TTS: text, input, blocks, velocity, losses, sampling, texts, durations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from hiervox.models.tts.f5_tts.duration import cross_faded
from hiervox.models.tts.f5_tts.networks.f5_tts import Drawn, F5Output, F5Tts, F5TtsConfig, Sampling
from hiervox.models.tts.f5_tts.networks.times import sampling_times
from hiervox.models.tts.f5_tts.published import import_f5_tts
from hiervox.models.tts.f5_tts.task import flow_loss, spans
from hiervox.modules.attention.rotary import Rotation
from hiervox.modules.diffusion.flow_matching import Solver
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.spectrogram import log_mel
from tests.golden import Case, Golden, Output, with_weights

SYMBOLS = [" ", *(chr(ord("A") + number) for number in range(39))]
F5 = {
    "v1": {},
    "v0": {"text_mask_padding": False, "pe_attn_head": 1},
    "options": {"attn_mask_enabled": True, "text_embedding_average_upsampling": True},
}
E2 = {
    "e2": {"text_mask_padding": False, "pe_attn_head": 1},
    "add": {"skip_connect_type": "add", "attn_mask_enabled": True},
    "none": {"skip_connect_type": "none", "text_mask_padding": False},
}
GUIDED = 2.0
FADE_SAMPLES = 3600  # 0.15 s at 24 kHz


def _network(golden: Golden, which: str, arch: dict[str, Any]) -> F5Tts:
    state = golden.state_dict()
    own = {name.removeprefix(f"{which}."): x for name, x in state.items() if name.startswith(f"{which}.")}
    sections, weights = import_f5_tts(own, {"symbols": SYMBOLS, "arch": {"dim_head": 16, **arch}})
    config = sections["model"]
    assert isinstance(config, F5TtsConfig)
    network: F5Tts = with_weights(F5Tts(config), weights)
    return network


def _tokens(golden: Golden) -> Tensor:
    return golden["tokens"] + 1


def _mel(golden: Golden, name: str) -> Tensor:
    """(B, M, N) of a tensor that has frames first."""
    return golden[name].mT


def _mask(golden: Golden) -> Tensor:
    return sequence_mask(golden["lengths"], golden["cond"].shape[1])


def _stages(golden: Golden, network: F5Tts, which: str) -> Iterator[Output]:
    """Text, input, first block and velocity of two items, the second shorter."""
    tokens, mask, time = _tokens(golden), _mask(golden), golden["time"]
    noisy, prompt = _mel(golden, "noisy"), _mel(golden, "cond")
    dropped = torch.ones(2, dtype=torch.bool, device=tokens.device)
    text = network.encode_text(tokens, 57, mask)
    yield f"{which}_text", text
    empty = network.encode_text(tokens, 57, mask, dropped)
    yield f"{which}_velocity", network.velocity(noisy, prompt, text, time, mask).mT
    without = network.velocity(noisy, torch.zeros_like(prompt), empty, time, mask)
    yield f"{which}_velocity_dropped", without.mT
    if f"{which}_block_0" not in golden:
        return
    yield f"{which}_text_dropped", empty
    hidden = network.embed_input(noisy, prompt, text, mask)
    yield f"{which}_input", hidden
    rotation = Rotation.of(hidden.shape[1], network.config.head_channels, hidden)
    activated = torch.nn.functional.silu(network.time(time)).unsqueeze(1)
    block = network.backbone.blocks[0]
    yield f"{which}_block_0", block(hidden, activated, rotation, mask.squeeze(1) != 0)
    alone = network.encode_text(tokens[:1], 57)
    unmasked = network.velocity(noisy[:1], prompt[:1], alone, time[:1], None)
    yield f"{which}_velocity_unmasked", unmasked.mT


def _loss(golden: Golden, network: F5Tts, prompt: bool = True, text: bool = True) -> F5Output:
    """A training pass with the golden draws."""
    span = spans(golden["lengths"], 57, golden["loss_fraction"], golden["loss_span_uniform"])
    left_out = [torch.full((2,), not kept, device=span.device) for kept in (prompt, text)]
    drawn = Drawn(golden["loss_time"], _mel(golden, "loss_noise"), span, *left_out)
    output: F5Output = network(_mel(golden, "mel"), _mask(golden), _tokens(golden), drawn)
    return output


def _batch(golden: Golden, network: F5Tts) -> Tensor:
    """Two items of different lengths, sampled together."""
    lengths, durations = golden["batch_cond_lengths"], golden["batch_durations"]
    noise = pad_sequence([golden["batch_noise_0"], golden["batch_noise_1"]], batch_first=True).mT
    frames = noise.shape[2]
    mel = torch.nn.functional.pad(_mel(golden, "batch_cond"), (0, frames - 19))
    known, mask = sequence_mask(lengths, frames), sequence_mask(durations, frames)
    sampling = Sampling(sampling_times(4, -1.0, pruned=False), GUIDED)
    return network.sample(noise, mel, known, network.texts(_tokens(golden), frames, mask), sampling, mask).mT


@torch.no_grad()
def f5_tts(golden: Golden) -> Iterator[Output]:
    """Three networks."""
    networks = {which: _network(golden, which, arch) for which, arch in F5.items()}
    for which, network in networks.items():
        yield from _stages(golden, network, which)
        output = _loss(golden, network)
        yield f"{which}_loss_velocity", output.velocity.mT
        yield f"{which}_loss_whole", flow_loss(output)
        yield f"{which}_sample_batch", _batch(golden, network)
    v1, tokens = networks["v1"], _tokens(golden)
    yield "time_embedding", v1.time(golden["time"])
    yield "v1_text_unpadded", v1.encode_text(tokens[:1], 57)
    yield "v1_text_curtailed", v1.encode_text(tokens[:1], 9)
    yield "v1_loss_without_audio", flow_loss(_loss(golden, v1, prompt=False))
    yield "v1_loss_without_both", flow_loss(_loss(golden, v1, prompt=False, text=False))
    span = spans(golden["lengths"], 57, golden["loss_fraction"], golden["loss_span_uniform"])
    yield "loss_cond", (_mel(golden, "mel") * (1 - span)).mT
    yield from _samples(golden, v1)
    for steps in (5, 6, 7, 10, 12, 16, 32):
        yield f"times_{steps}", sampling_times(steps, -1.0)
    for name, preset in (("mel_vocos", "f5_tts"), ("mel_bigvgan", "bigvgan_24k")):
        yield name, log_mel(golden["wav"], mel_preset(preset))


def _samples(golden: Golden, network: F5Tts) -> Iterator[Output]:
    """One item by several times, solvers and guidances, and one whose middle is filled in."""
    noise, tokens = golden["sample_noise"].T[None], _tokens(golden)[:1]
    mel = torch.nn.functional.pad(_mel(golden, "sample_cond"), (0, 57 - 19))
    known = sequence_mask(torch.tensor([19], device=mel.device), 57)
    texts = network.texts(tokens, 57)

    def sampled(
        times: Tensor, guidance: float = GUIDED, given: Tensor = mel, solver: Solver = "euler"
    ) -> Tensor:
        return network.sample(noise, given, known, texts, Sampling(times, guidance, solver)).mT

    even = sampling_times(4, -1.0, pruned=False)
    yield "sample_euler_4", sampled(even)
    start = torch.zeros(1, device=mel.device)
    told = network.velocity(noise, mel, texts.told, start, None)
    empty = network.velocity(noise, torch.zeros_like(mel), texts.left_out, start, None)
    yield "sample_euler_4_first", (noise + float(even[1]) * (told + GUIDED * (told - empty))).mT
    yield "sample_pruned_5", sampled(sampling_times(5, -1.0))
    plain = sampling_times(4, pruned=False)
    yield "sample_without_guidance", sampled(plain, 0.0)
    yield "sample_without_prompt", sampled(plain, 1.0, torch.zeros_like(mel))
    yield "sample_midpoint_2", sampled(sampling_times(2, -1.0, pruned=False), solver="midpoint")
    given, place = _mel(golden, "mel")[:1], golden["edit_mask"][:, None].float()
    edited = network.sample(
        golden["edit_noise"].T[None],
        torch.nn.functional.pad(given, (0, 1)),
        torch.nn.functional.pad(place, (0, 1)),
        network.texts(tokens, 58),
        Sampling(plain, GUIDED),
    )
    yield "sample_edited", edited.mT


@torch.no_grad()
def e2_tts(golden: Golden) -> Iterator[Output]:
    """Three networks."""
    for which, arch in E2.items():
        network = _network(golden, which, arch)
        yield from _stages(golden, network, which)
        output = _loss(golden, network)
        yield f"{which}_loss_velocity", output.velocity.mT
        yield f"{which}_loss", flow_loss(output)
        yield f"{which}_sample_batch", _batch(golden, network)
    span = spans(golden["lengths"], 57, golden["loss_fraction"], golden["loss_span_uniform"])
    yield "loss_cond", (_mel(golden, "mel") * (1 - span)).mT


def f5_tts_fade(golden: Golden) -> Iterator[Output]:
    """Three parts of a text behind each other."""
    parts = [golden[name].cpu().numpy() for name in golden.names(r"wave_\d")]
    yield "joined", torch.from_numpy(cross_faded(parts, FADE_SAMPLES))


CASES: dict[str, Case] = {"f5_tts": f5_tts, "e2_tts": e2_tts, "f5_tts_fade": f5_tts_fade}
