"""Golden outputs of FACodec: the authors' two versions and redecoder, and a step of Plachta's training."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.training.multi_scale_mel import multi_scale_mel_terms
from hiervox.models.codec.facodec.config import FACodecLossConfig
from hiervox.models.codec.facodec.losses import frame_energy, head_losses, normalised_log_f0
from hiervox.models.codec.facodec.networks.facodec import FACodec, FACodecOutput
from hiervox.models.codec.facodec.networks.predictors import Factors, HeadName
from hiervox.models.codec.facodec.networks.quantizer import ATTRIBUTES, Attribute, Quantized
from hiervox.models.codec.facodec.networks.redecoder import Redecoder
from hiervox.models.codec.facodec.published import import_facodec, import_redecoder, import_with_heads
from hiervox.modules.discriminators.descript import DescriptConfig, DescriptDiscriminator
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.encoders.sine_position import sine_table
from hiervox.modules.encoders.style import StyleEncoder
from hiervox.modules.functional.masking import slice_segments
from hiervox.modules.losses.adversarial import discriminator_terms, generator_terms
from hiervox.modules.losses.stft import Resolution, magnitude
from hiervox.modules.transformers.convolutional import Transformer
from tests.golden import Case, Golden, Output, with_weights

CLEAR_MARGIN = 1e-4
"""Of squared distances between normalised vectors; below it rounding chooses."""
HEADS: dict[HeadName, tuple[str, ...]] = {
    "pitch_of_prosody": ("f0", "uv"),
    "phone_of_content": ("phone",),
    "pitch_of_content": ("content_f0", "content_uv"),
    "phone_of_prosody": ("prosody_phone",),
    "pitch_of_residual": ("res_f0", "res_uv"),
    "phone_of_residual": ("res_phone",),
    "speaker_of_sum": ("x_timbre",),
}


def _codec(golden: Golden) -> FACodec:
    tensors = {name: value for name, value in golden.state_dict().items() if "redecoder." not in name}
    config, weights = import_with_heads(tensors)
    codec: FACodec = with_weights(FACodec(config), weights)
    _by_item(codec)
    return codec


def _by_item(network: torch.nn.Module) -> None:
    """Positions as published: item b of a batch gets row b of the table at every frame."""
    for module in network.modules():
        if isinstance(module, Transformer):
            module.position_table = _rows_by_item  # type: ignore[method-assign]


def _rows_by_item(x: Tensor) -> Tensor:
    return sine_table(torch.arange(len(x), device=x.device), x.shape[2]).unsqueeze(1)


def _codes(found: dict[Attribute, Quantized], golden: Tensor, margin: Tensor) -> Tensor:
    return _agreed_codes(torch.cat([found[name].codes for name in ATTRIBUTES], 1), golden, margin)


def _agreed_codes(ours: Tensor, golden: Tensor, margin: Tensor) -> Tensor:
    """Our codes (B, Q, N), the golden ones from where on one of an unclear margin differs."""
    excused = ((ours != golden) & (margin < CLEAR_MARGIN)).cumsum(1) > 0
    return torch.where(excused, golden, ours)


def _coded(golden: Golden, codec: FACodec) -> Iterator[Output]:
    """What both versions of the authors have."""
    with torch.no_grad():
        embedding, prosody = codec.embed(golden["wav"])
        yield "latent", embedding
        found = codec.quantize(embedding, prosody)
        codes = golden["codes"].transpose(0, 1)
        yield "codes", _codes(found, codes, golden["code_margin"].transpose(0, 1)).transpose(0, 1)
        for number, name in enumerate(ATTRIBUTES):
            yield f"quantized_{name}", found[name].embeddings, golden["quantized"][number]
        yield "quantized_sum", torch.stack([found[name].embeddings for name in ATTRIBUTES]).sum(0)
        speaker = codec.timbre(embedding, golden["wav"], torch.zeros(2))
        yield "speaker", speaker
        other = golden["speaker"].flip(0)
        yield "audio", codec.decoder(golden["quantized_sum"], golden["speaker"])
        yield "audio_converted", codec.decode(codes, other, ATTRIBUTES[:2])


def facodec(golden: Golden) -> Iterator[Output]:
    """The authors' first version: its stages, its heads, gradient reversal, and quantisers in training."""
    codec = _codec(golden)
    yield from _coded(golden, codec)
    codes = golden["codes"].transpose(0, 1)
    with torch.no_grad():
        yield "from_codes", codec.from_codes(codes)
        yield "from_codes_without_residual", codec.from_codes(codes[:, :3])
    yield from _heads(golden, codec)
    yield from _training_of_quantizers(golden, codec)


def _heads(golden: Golden, codec: FACodec) -> list[Output]:
    """What heads say, the decoder's half of a training pass, and gradients at the attributes."""
    quantized = golden["quantized"].clone().requires_grad_()
    outputs: list[Output] = []
    with torch.enable_grad():
        prosody, content, residual = quantized
        kept = residual * golden["residual_mask"][:, None, None]
        said = dict(codec.predictors(Factors(prosody, content, residual, golden["speaker"])))
        masked = codec.predictors(Factors(prosody, content, kept, golden["speaker"]))
        said["speaker_of_sum"] = masked["speaker_of_sum"]
        for head, names in HEADS.items():
            values = said[head].unbind(-1) if len(names) == 2 else (said[head],)
            outputs += [
                (f"predicted_{name}", value.detach()) for name, value in zip(names, values, strict=True)
            ]
        gradients: tuple[tuple[str, HeadName, int], ...] = (
            ("grad_prosody_of_f0", "pitch_of_prosody", 0),
            ("grad_content_of_content_f0", "pitch_of_content", 1),
        )
        for name, head, part in gradients:
            loss = (said[head][..., 0] * golden["grad_weight"]).sum()
            (gradient,) = torch.autograd.grad(loss, quantized, retain_graph=True)
            outputs.append((name, gradient[part]))
    with torch.no_grad():
        outputs.append(("predicted_audio", codec.decoder(prosody + content + kept, golden["speaker"])))
        outputs.append(("predicted_audio_whole", codec.decoder(quantized.sum(0), golden["speaker"])))
    return outputs


PUBLISHED_COMMITMENT = 0.005


@torch.enable_grad()
def _training_of_quantizers(golden: Golden, codec: FACodec) -> Iterator[Output]:
    latent = golden["latent"].clone().requires_grad_()
    used: dict[Attribute, Tensor] = {}
    for number, name in enumerate(ATTRIBUTES):
        books = torch.full((2,), 9)
        books[0] = golden["train_books"][number, 0]
        used[name] = books
    whole = codec.eval().quantize(latent, latent)
    found = codec.quantize(latent, latent, used)
    # in the authors' code books that are left out still count to what the residual is of
    known = whole["prosody"].embeddings + whole["content"].embeddings
    found["residual"] = codec.quantizers["residual"](latent - known.detach(), used["residual"])
    total = torch.stack([found[name].embeddings for name in ATTRIBUTES]).sum(0)
    losses = [found[name].codebook + PUBLISHED_COMMITMENT * found[name].commitment for name in ATTRIBUTES]
    loss = (total * golden["train_grad_weight"]).sum() + 1000 * torch.stack(losses).sum()
    loss.backward()
    yield "train_codes", torch.cat([found[name].codes for name in ATTRIBUTES], 1).transpose(0, 1)
    yield "train_quantized_sum", total.detach()
    published = golden["train_commit_losses"].split(list(codec.config.quantizer.books.values()))
    for name, own, wanted in zip(ATTRIBUTES, losses, published, strict=True):
        yield f"train_commit_losses_{name}", own.detach()[None], wanted.sum()[None]
    assert latent.grad is not None
    yield "train_latent_grad", latent.grad


def facodec_v2(golden: Golden) -> Iterator[Output]:
    """The authors' version for conversion, and the redecoder."""
    codec = _codec(golden)
    yield "prosody", codec.mel(golden["wav"])[:, : codec.config.prosody_bins]
    yield from _coded(golden, codec)
    tensors = {name: value for name, value in golden.state_dict().items() if "redecoder." in name}
    sizes, weights = import_redecoder(tensors, {})
    redecoder = with_weights(Redecoder(sizes), weights)
    _by_item(redecoder)
    codes, other = golden["codes"].transpose(0, 1), golden["speaker"].flip(0)
    with torch.no_grad():
        yield "redecoder_sum", redecoder.embed(codes[:, :3], other)
        yield "redecoder_sum_with_residual", redecoder.embed(codes, other)
        yield "redecoder_audio", redecoder.decode(codes[:, :3], other)


def _published_style(encoder: StyleEncoder, mel: Tensor, mask: Tensor) -> Tensor:
    """As published: padding is masked neither between convolutions nor before the mean, and attends."""
    x = encoder.spectral(mel) * mask
    for convolution in encoder.temporal:
        x = convolution(x)
    x = x * mask
    attention = encoder.attention
    everywhere = attention.output(attention.value(x).mean(2, keepdim=True))
    x = encoder.projection(x + torch.where(mask > 0, attention(x, x, mask), everywhere))
    return x.sum(dim=2, keepdim=True) / mask.sum(dim=2, keepdim=True)


DISCRIMINATOR_RULES = (
    (r"^discriminators\.([01])\.convs\.(\d)\.0\.", r"periods.\1.stack.convs.\2."),
    (r"^discriminators\.([01])\.conv_post\.", r"periods.\1.stack.last."),
    (r"^discriminators\.2\.", "bands.0."),
    (r"^discriminators\.3\.", "bands.1."),
    (r"\.band_convs\.(\d)\.(\d)\.0\.", r".stacks.\1.\2."),
    (r"\.conv_post\.", ".last."),
)
PARTS = {
    "encoder": ("encoder",),
    "quantizer": ("quantizers", "timbre_encoder", "prosody_encoder", "decoder.style"),
    "decoder": ("decoder.decoder",),
    "fa_predictors": ("predictors",),
}


def facodec_training(golden: Golden) -> list[Output]:
    """One step of Plachta's training: each stage, each loss, and the gradient's norm in each network."""
    state = golden.state_dict()
    config, weights = import_facodec(state, {})
    codec: FACodec = with_weights(FACodec(config), weights)
    encoder = codec.timbre_encoder
    assert isinstance(encoder, StyleEncoder)
    encoder.forward = partial(_published_style, encoder)  # type: ignore[method-assign]
    prefix = "discriminator."
    judge_weights = {name.removeprefix(prefix): x for name, x in state.items() if name.startswith(prefix)}
    judge_config = DescriptConfig(period=MultiPeriodConfig(periods=(2, 5)), window_lengths=(1024, 512))
    descript = DescriptDiscriminator(judge_config)
    with_weights(descript, map_tensors(judge_weights, DISCRIMINATOR_RULES, descript))
    judge = DiscriminatorEnsemble({"descript": descript})

    starts, whole, hop = golden["segment_starts"], golden["waves"].unsqueeze(1), config.hop_length
    frames = golden["f0"].shape[1]
    real = slice_segments(whole, starts * hop, frames * hop)
    with torch.enable_grad():
        output = codec(real, whole, golden["wave_lengths"])
        terms = _published_terms(golden, codec, output, starts, frames)
        terms |= {
            "mel": torch.stack(multi_scale_mel_terms(output.wav[:, 0], real[:, 0], 24_000)).sum(),
            "commitment": output.commitment,
            "codebook": output.codebook,
            **generator_terms(judge, real, output.wav),
        }
        weights_by_term = FACodecLossConfig().at(0)
        total = torch.stack([weights_by_term[name] * term for name, term in terms.items()]).sum()
        total.backward()
    outputs: list[Output] = [
        ("codes", _agreed_codes(output.codes, golden["codes"], golden["code_margin"])),
        ("timbre", output.factors.timbre.detach()),
        ("audio", output.wav.detach()),
        ("loss_total", total.detach()),
        ("loss_discriminator", discriminator_terms(judge, real, output.wav)["discriminator"].detach()),
        ("codebook_loss", output.codebook.detach()),
        ("commitment_loss", output.commitment.detach()),
    ]
    outputs += [(f"loss_{PUBLISHED[name]}", term.detach()) for name, term in terms.items()]
    for number, name in enumerate(ATTRIBUTES):
        outputs.append((f"quantized_{name}", output.factors[number].detach(), golden["quantized"][number]))
    with torch.no_grad():
        outputs.append(("loss_l1", F.l1_loss(output.wav, real)))
        outputs.append(("loss_stft", _logged_stft_distance(output.wav[:, 0], real[:, 0])))
        outputs.append(("segments_latent", codec.encoder(real)))
        outputs.append(("styled", codec.decoder.styled(output.factors.sum, output.factors.timbre)))
        for head, names in TRAINING_HEADS.items():
            values = output.said[head].split(1, -1) if len(names) == 2 else (output.said[head],)
            outputs += [(f"predicted_{n}", value.detach()) for n, value in zip(names, values, strict=True)]
        reference = golden["reference"]
        voice = codec.timbre(output.wav, reference, torch.tensor([reference.shape[-1]]))
        source = output.factors.prosody[:1] + output.factors.content[:1]
        outputs.append(("converted_styled", codec.decoder.styled(source, voice)))
        outputs.append(("converted_audio", codec.decoder(source, voice)))
    for part, names in PARTS.items():
        gradients = [
            parameter.grad
            for name, parameter in codec.named_parameters()
            if name.startswith(names) and parameter.grad is not None
        ]
        norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
        outputs.append((f"grad_norm_{part}", norm))
    return outputs


def _logged_stft_distance(fake: Tensor, real: Tensor) -> Tensor:
    """What the published training writes down and does not train with."""
    terms = []
    for window in (2048, 512):
        made, recorded = (magnitude(wav, Resolution(window, window // 4, window)) for wav in (fake, real))
        logarithms = (spectrum.clamp(1e-5).square().log10() for spectrum in (made, recorded))
        terms += [F.l1_loss(made, recorded), F.l1_loss(*logarithms)]
    return torch.stack(terms).sum()


PUBLISHED = {
    "f0": "f0",
    "energy": "uv",
    "phone": "content",
    "speaker": "speaker",
    "reversed_f0": "rev_f0",
    "reversed_energy": "rev_uv",
    "reversed_phone": "rev_content",
    "reversed_speaker": "rev_speaker",
    "mel": "mel",
    "commitment": "commitment",
    "codebook": "codebook",
    "adversarial": "generator",
    "feature_matching": "feature",
}
TRAINING_HEADS: dict[HeadName, tuple[str, ...]] = {
    "pitch_of_prosody": ("f0", "uv"),
    "phone_of_content": ("content",),
    "speaker_of_timbre": ("timbre",),
    "pitch_of_residual": ("rev_f0", "rev_uv"),
    "phone_of_residual": ("rev_content",),
    "speaker_of_sum": ("x_timbre",),
}


def _published_terms(
    golden: Golden, codec: FACodec, output: FACodecOutput, starts: Tensor, frames: int
) -> dict[str, Tensor]:
    """The heads' losses on the published targets: a mel of its own, and phones of another rate."""
    mels, phones = golden["mels"], golden["phone_logits"].argmax(-1)[:, None].float()
    stretched = F.interpolate(phones, mels.shape[2], mode="nearest")
    f0 = golden["f0"]
    log_mel = slice_segments(mels, starts, frames) * codec.config.mel_scale + codec.config.mel_mean
    return head_losses(
        output.said,
        normalised_log_f0(torch.where(f0 > LEAST_F0, f0, 0.0)),
        frame_energy(log_mel),
        slice_segments(stretched, starts, frames)[:, 0].long(),
        torch.zeros(2, dtype=torch.long),
    )


LEAST_F0 = 5.0

CASES: dict[str, Case] = {
    "facodec": facodec,
    "facodec_v2": facodec_v2,
    "facodec_training": facodec_training,
}
