"""Golden outputs of Amphion's NaturalSpeech 2: stages, losses, and sampling in both forms."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.tts._variance.durations import expand_by_durations
from hiervox.models.tts.naturalspeech2.losses import code_cross_entropy, masked_mean
from hiervox.models.tts.naturalspeech2.networks.diffusion import (
    drift_of,
    frequency_of,
    noise_of,
    noisy,
    solve,
)
from hiervox.models.tts.naturalspeech2.networks.naturalspeech2 import NaturalSpeech2, Prompt
from hiervox.models.tts.naturalspeech2.networks.predictor import PromptedPredictor
from hiervox.models.tts.naturalspeech2.published import import_naturalspeech2
from hiervox.modules.encoders.sine_position import sine_table
from hiervox.modules.transformers.convolutional import Transformer, TransformerLayer
from tests.golden import Case, Golden, Output, with_weights

HEADS = 4
SECTION = {"attn_head": HEADS, "encoder_head": HEADS, "head_num": HEADS}
PUBLISHED = {
    "prior_encoder": {"encoder": SECTION, "duration_predictor": SECTION, "pitch_predictor": SECTION},
    "prompt_encoder": SECTION,
    "query_emb": SECTION,
    "diffusion": {"wavenet": SECTION},
}


def _network(golden: Golden) -> NaturalSpeech2:
    """As published: positions by an item's place in the batch, and padding that convolutions see."""
    config, weights = import_naturalspeech2(golden.state_dict(), {"model": PUBLISHED})
    network: NaturalSpeech2 = with_weights(NaturalSpeech2(config), weights)
    for module in network.modules():
        if isinstance(module, Transformer):
            module.position_table = _rows_by_item  # type: ignore[method-assign]
        if isinstance(module, TransformerLayer):
            module.masked = lambda x, mask: x  # type: ignore[method-assign]
    network.pitch.masked = lambda x, mask: x  # type: ignore[method-assign]
    network.duration.forward = _published_durations(network.duration)  # type: ignore[method-assign]
    return network


def _rows_by_item(x: Tensor) -> Tensor:
    return sine_table(torch.arange(len(x), device=x.device), x.shape[2]).unsqueeze(1)


def _published_durations(predictor: PromptedPredictor):  # type: ignore[no-untyped-def]
    """Masked behind each layer, and not between its attention and its convolution."""

    def forward(x: Tensor, mask: Tensor, prompt: Tensor, prompt_mask: Tensor) -> Tensor:
        for number, (convolution, norm) in enumerate(
            zip(predictor.convolutions, predictor.norms, strict=True)
        ):
            before = x if number else torch.zeros_like(x)
            if number % predictor.every == 0:
                x = predictor.attentions[number // predictor.every](x, prompt, prompt_mask)
            x = (before + norm(convolution(x).relu().transpose(1, 2)).transpose(1, 2)) * mask
        values: Tensor = predictor.output(x.transpose(1, 2)).squeeze(2)
        return values

    return forward


@torch.no_grad()
def naturalspeech2(golden: Golden) -> list[Output]:
    """One training pass, one of synthesis, and sampling."""
    network = _network(golden)
    masks = {name: golden[name][:, None].float() for name in ("mask", "phone_mask", "ref_mask")}
    mask, outputs = masks["mask"], []
    prompt = network.encode_prompt(golden["ref_code"], masks["ref_mask"])
    prompt = prompt._replace(voice=prompt.frames.mean(2))  # as published, with the padding's frames
    hidden, log_duration = network.encode_text(golden["phone_id"], masks["phone_mask"], prompt)
    clean = network.latents(golden["code"])
    condition, log_pitch = network.condition(hidden, golden["duration"], mask, prompt, golden["pitch"])
    codes, _ = network.distances(clean)
    again = network.latents(codes)
    outputs += [
        ("latent", clean),
        ("prompt", prompt.frames.transpose(1, 2)),
        ("speaker_tokens", prompt.speaker),
        ("phone_hidden", hidden.transpose(1, 2)),
        ("log_duration", log_duration),
        ("log_pitch", log_pitch),
        ("pitch_token", torch.bucketize(golden["pitch"], network.pitch_edges)),
        ("condition", condition.transpose(1, 2)),
        ("latent_codes", _agreed(codes.transpose(0, 1), golden)),
        ("latent_again", again),
    ]
    outputs += _diffusion(golden, network, clean, condition, mask, prompt, log_duration, log_pitch)
    outputs += _sampling(golden, network, condition, prompt)
    return outputs + _synthesis(golden, network, prompt)


CLEAR_MARGIN = 1e-3


def _agreed(codes: Tensor, golden: Golden) -> Tensor:
    """Our codes (Q, B, T), the golden ones from where on one of an unclear margin differs."""
    wanted = golden["latent_codes"]
    excused = ((codes != wanted) & (golden["latent_code_margin"] < CLEAR_MARGIN)).cumsum(0) > 0
    return torch.where(excused, wanted, codes)


def _diffusion(
    golden: Golden,
    network: NaturalSpeech2,
    clean: Tensor,
    condition: Tensor,
    mask: Tensor,
    prompt: Prompt,
    log_duration: Tensor,
    log_pitch: Tensor,
) -> list[Output]:
    time, noise = golden["diffusion_t"], golden["diffusion_noise"]
    x = noisy(clean, noise, time, "score")
    predicted = network.predict(x, mask, condition, time, prompt)
    own_noise = noise_of(x, predicted, time)
    codes, _ = network.distances(clean)
    losses = torch.stack(
        [
            masked_mean((log_pitch - frequency_of(golden["pitch"], 1.0)).abs(), mask),
            masked_mean(
                (log_duration - (1 + golden["duration"]).log()).abs(), golden["phone_mask"][:, None].float()
            ),
            masked_mean((predicted - clean).abs().mean(1), mask),
            masked_mean((own_noise - noise).abs().mean(1), mask),
            code_cross_entropy(network.distances(predicted)[1], codes, mask),
        ]
    )
    total = (losses * torch.tensor([1, 1, 1, 1, 0.5])).sum()
    straight = noisy(clean, noise, time, "flow")
    velocity = network.predict(straight, mask, condition, time, prompt)
    return [
        ("x0_predicted", predicted),
        ("noise_predicted", own_noise),
        ("losses", torch.cat([losses, total[None]])),
        ("flow_predicted", velocity),
        ("flow_loss", masked_mean((velocity - (noise - clean)).abs().mean(1), mask)),
    ]


def _sampling(golden: Golden, network: NaturalSpeech2, condition: Tensor, prompt: Prompt) -> list[Output]:
    mask = torch.ones_like(condition[:, :1])

    def drift(x: Tensor, time: Tensor) -> Tensor:
        return drift_of(network.predict(x, mask, condition, time, prompt), x, time, "score")

    def velocity(x: Tensor, time: Tensor) -> Tensor:
        return network.predict(x, mask, condition, time, prompt)

    start = golden["reverse_start"]
    x = start
    for number in range(4):  # the published midpoint method, which looks back
        time = torch.full((2,), 1 - (number + 0.5) / 4)
        halfway = x - 0.125 * drift(x, time)
        x = x - 0.25 * drift(halfway, time + 0.125)
    return [
        ("reverse_1", solve(start, drift, 1)),
        ("reverse_euler_4", solve(start, drift, 4)),
        ("reverse_midpoint_4", x),
        ("reverse_from_half", solve(start, drift, 3, start=0.5)),
        ("flow_reverse_4", solve(start, velocity, 4)),
    ]


def _synthesis(golden: Golden, network: NaturalSpeech2, prompt: Prompt) -> list[Output]:
    mask = torch.ones(2, 1, golden["phone_id"].shape[1])
    hidden = network.text_encoder(network.embedding(golden["phone_id"]).transpose(1, 2), prompt.voice)
    log_duration = network.duration(hidden, mask, prompt.frames, prompt.mask)
    durations = (log_duration.exp() - 1).round().clamp_min(0).long()
    whole = torch.ones(2, 1, golden["infer_noise"].shape[2])
    condition, log_pitch = network.condition(hidden, durations, whole, prompt)
    frames = expand_by_durations(hidden, durations, whole.shape[2])
    tokens = torch.bucketize(log_pitch.exp(), network.pitch_edges)
    torch.testing.assert_close(condition, network.with_pitch(frames, log_pitch.exp()))
    sampled = network.sample(golden["infer_noise"] / 1.2, condition, prompt, 4)
    return [
        ("infer_duration", durations),
        ("infer_log_pitch", log_pitch),
        ("infer_pitch_token", tokens),
        ("infer_latent", sampled),
    ]


CASES: dict[str, Case] = {"naturalspeech2": naturalspeech2}
