"""Golden outputs of EnCodec: both published models, its discriminator and what its training computes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.codec.encodec.config import ENCODEC_24KHZ
from hiervox.models.codec.encodec.losses.balancer import LossBalancer
from hiervox.models.codec.encodec.losses.mel_power import MultiScaleMelLoss
from hiervox.models.codec.encodec.networks.encodec import Encodec, Segment
from hiervox.models.codec.encodec.networks.residual_vector import ResidualVectorQuantizer, ResidualVectorSizes
from hiervox.models.codec.encodec.published import import_encodec
from hiervox.modules.discriminators.multi_resolution_stft import (
    MultiResolutionSTFTConfig,
    MultiResolutionSTFTDiscriminator,
)
from tests.golden import Case, Golden, Output, with_weights

CLEAR_MARGIN = 1e-3
"""Of squared distances; where the two nearest entries are nearer to each other, rounding chooses."""


def _codec(golden: Golden) -> Encodec:
    config, weights = import_encodec(golden.state_dict(), {})
    codec: Encodec = with_weights(Encodec(config), weights)
    return codec


def _codes(ours: Tensor, golden: Tensor, margin: Tensor) -> Tensor:
    """Our codes (B, Q, N), the golden ones from where on one of an unclear margin differs.

    A later book quantises what an earlier one leaves, so after such a difference the frame can't agree.
    """
    excused = ((ours != golden) & (margin < CLEAR_MARGIN)).cumsum(1) > 0
    return torch.where(excused, golden, ours)


@torch.no_grad()
def encodec_24khz(golden: Golden) -> Iterator[Output]:
    """A waveform as a whole, and fewer codebooks of it."""
    codec, codes = _codec(golden), golden["codes"]
    embedding = codec.encoder(golden["wav"])
    yield "embedding", embedding
    (segment,) = codec.encode(golden["wav"], codes.shape[1])
    yield "codes", _codes(segment.codes, codes, golden["code_margin"])
    yield "quantized", codec.quantizer.decode(codes)
    yield "audio", codec.decode([Segment(codes, None)])
    yield "audio_3kbps", codec.decode([Segment(codes[:, : codec.config.codebooks_for(3.0)], None)])


@torch.no_grad()
def encodec_48khz(golden: Golden) -> Iterator[Output]:
    """Stereo in overlapping segments, each scaled by itself."""
    codec, wav = _codec(golden), golden["wav"]
    names = sorted(golden.names(r"codes_\d+"), key=lambda name: int(name.removeprefix("codes_")))
    segments = codec.encode(wav, golden[names[0]].shape[1])
    for number, (name, segment) in enumerate(zip(names, segments, strict=True)):
        yield name, _codes(segment.codes, golden[name], golden[f"code_margin_{number}"])
        assert segment.scale is not None
        yield f"scale_{number}", segment.scale
    if "embedding_1" in golden:
        stride, scale = codec.segment_stride, segments[1].scale
        assert stride is not None and scale is not None
        yield (
            "embedding_1",
            codec.encoder(wav[..., stride : stride + codec.segment_samples] / scale[..., None]),
        )
    coded = [Segment(golden[name], golden[f"scale_{number}"]) for number, name in enumerate(names)]
    yield "audio", codec.decode(coded)


def msstft_discriminator(golden: Golden) -> Iterator[Output]:
    """Outputs, statistics of the feature maps, and audiocraft's losses."""
    n_windows = len(golden.names(r"real_output_\d+"))
    network = MultiResolutionSTFTDiscriminator(
        MultiResolutionSTFTConfig(
            window_lengths=(1024, 2048, 512, 256, 128)[:n_windows],
            slope=0.2,
            normalize_first=False,
            logits_are_feature=False,
        )
    )
    rules = [(r"\.convs\.(\d)\.conv\.", r".stack.convs.\1."), (r"\.conv_post\.conv\.", ".stack.last.")]
    with_weights(network, map_tensors(golden.state_dict(), rules, network))
    logits, features = {}, {}
    with torch.no_grad():
        for kind in ("real", "generated"):
            outputs = network(golden[kind])
            logits[kind] = [output.logits for output in outputs]
            features[kind] = [output.features for output in outputs]
            for number, own in enumerate(logits[kind]):
                wanted = golden[f"{kind}_output_{number}"]
                yield f"{kind}_output_{number}", own.view_as(wanted)
                maps = features[kind][number]
                yield f"{kind}_feature_mean_{number}", torch.stack([one.mean() for one in maps])
                yield f"{kind}_feature_std_{number}", torch.stack([one.std() for one in maps])
    yield from _losses(logits, features)


def _losses(logits: dict[str, list[Tensor]], features: dict[str, list[list[Tensor]]]) -> Iterator[Output]:
    hinge = [
        F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        for real, fake in zip(logits["real"], logits["generated"], strict=True)
    ]
    yield "loss_discriminator", torch.stack(hinge).mean()[None]
    yield "loss_generator", -torch.stack([own.mean() for own in logits["generated"]]).mean()[None]
    matching = [
        F.l1_loss(fake, real)
        for reals, fakes in zip(features["real"], features["generated"], strict=True)
        for real, fake in zip(reals, fakes, strict=True)
    ]
    yield "loss_feature", torch.stack(matching).mean()[None]


def encodec_training(golden: Golden) -> Iterator[Output]:
    """Reconstruction losses, one step of the quantizer, two of the balancer."""
    real, generated = golden["real"], golden["generated"]
    windows = tuple(2**exponent for exponent in range(6, 11))
    yield "loss_mel", MultiScaleMelLoss(ENCODEC_24KHZ.sample_rate, windows)(generated, real)[None]
    yield "loss_l1", F.l1_loss(generated, real)[None]
    yield from _quantizer_step(golden)
    yield from _balancer_steps(golden)


@torch.enable_grad()
def _quantizer_step(golden: Golden) -> Iterator[Output]:
    for commit_all, gradient in ((False, "published"), (True, "mended")):
        quantizer = _quantizer(golden, commit_all)
        x = golden["rvq_input"].clone().requires_grad_()
        quantized = quantizer(x)
        loss = (quantized.embeddings * golden["rvq_output_grad"]).sum() + 1000 * quantized.commitment
        loss.backward()
        assert x.grad is not None
        yield f"rvq_input_grad_{gradient}", x.grad
    yield "rvq_quantized", quantized.embeddings.detach()
    yield "rvq_codes", quantized.codes.transpose(0, 1)
    yield "rvq_penalty", quantized.commitment.detach()[None]
    for theirs, ours in (("embed", "entries"), ("embed_avg", "entry_sums"), ("cluster_size", "usage")):
        after = [codebook.get_buffer(ours) for codebook in quantizer.codebooks]
        yield f"rvq_{theirs}_after", torch.stack(after)


def _quantizer(golden: Golden, commit_all: bool) -> ResidualVectorQuantizer:
    entries = golden["rvq_embed"]
    n_codebooks, n_entries, dimension = entries.shape
    quantizer = ResidualVectorQuantizer(
        ResidualVectorSizes(
            n_codebooks=n_codebooks,
            n_entries=n_entries,
            dimension=dimension,
            least_usage=0.0,
            commit_all=commit_all,
        )
    )
    state = {}
    for number in range(len(entries)):
        state[f"codebooks.{number}.entries"] = entries[number]
        state[f"codebooks.{number}.entry_sums"] = golden["rvq_embed_avg"][number]
        state[f"codebooks.{number}.usage"] = golden["rvq_cluster_size"][number]
        state[f"codebooks.{number}.initialized"] = torch.ones(1)
    quantizer.load_state_dict(state)
    return quantizer.to(entries.device).train()


@torch.enable_grad()
def _balancer_steps(golden: Golden) -> Iterator[Output]:
    balancer = LossBalancer({"a": 0.1, "b": 3.0, "c": 2.0})
    for step in (1, 2):
        y = golden[f"balancer_input_{step}"].clone().requires_grad_()
        losses = {
            "a": (y - golden["balancer_a"]).abs().mean(),
            "b": 50 * (y - golden["balancer_b"]).square().mean(),
            "c": (y * golden["balancer_c"]).sin().mean(),
        }
        balancer(losses, y).backward()
        assert y.grad is not None
        yield f"balancer_grad_{step}", y.grad


CASES: dict[str, Case] = {
    "encodec_24khz": encodec_24khz,
    "encodec_48khz": encodec_48khz,
    "msstft_discriminator": msstft_discriminator,
    "encodec_training": encodec_training,
}
