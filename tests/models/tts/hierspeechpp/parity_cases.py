"""Golden outputs of HierSpeech++'s synthesizer and text-to-vec, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.published.synthesizer import import_synthesizer
from hiervox.models.tts.hierspeechpp.published.text_to_vec import import_text_to_vec
from hiervox.modules.kernels.prepare import prepare_for_inference
from hiervox.utils.errors import DataError
from tests.golden import Case, Golden, Output, with_weights

# What the authors' own config file sets; the golden file was made with it.
TEXT_TO_VEC_CONFIG = {"model": {"inter_channels": 256, "hidden_channels": 256}}


def synthesizer(golden: Golden) -> Iterator[Output]:
    """Style, every stage at denoise ratio 0, and the waveform at each ratio, with packed weights too."""
    config, weights = import_synthesizer(golden.state_dict(), {})
    network: HierarchicalSynthesizer = with_weights(HierarchicalSynthesizer(config), weights)
    semantic, log_f0 = golden["w2v"], golden["log_f0"]
    batch = semantic.shape[0]
    mask = semantic.new_ones(batch, 1, semantic.shape[-1])
    styles = network.style(golden["prompt_mel"])
    style = _mixed(golden, styles, 0.0, batch)
    yield "style", styles.squeeze(2)
    semantic_mean, semantic_logs = network.agnostic_prior(semantic, log_f0, mask, style)
    yield "semantic_mean", semantic_mean
    yield "semantic_logs", semantic_logs
    after_flow_l = network.agnostic_flow(semantic_mean, mask, style, reverse=True)
    yield "after_flow_l", after_flow_l
    after_flow = network.related_flow(after_flow_l, mask, style, reverse=True)
    yield "after_flow", after_flow
    yield from zip(("source_features", "source_f0"), network.source(after_flow, style), strict=True)
    yield "prosody_mel", network.prosody(after_flow, mask, style)
    if "linear_spec" in golden:
        spectrum = golden["linear_spec"]
        items, frames = spectrum.shape[0], spectrum.new_ones(spectrum.shape[0], 1, spectrum.shape[-1])
        posterior = network.acoustic_posterior(
            spectrum, golden["wav"], frames, _mixed(golden, styles, 0.0, items)
        )
        yield from zip(("acoustic_mean", "acoustic_logs"), posterior, strict=True)
    for name, ratio in _denoised(golden, "audio"):
        style = _mixed(golden, styles, ratio, batch)
        yield name, network.infer(semantic, log_f0, style, noise_scale=0.0)
    prepare_for_inference(network)
    for name, ratio in _denoised(golden, "audio"):
        style = _mixed(golden, network.style(golden["prompt_mel"]), ratio, batch)
        yield f"{name}, packed", network.infer(semantic, log_f0, style, noise_scale=0.0), golden[name]


def text_to_vec(golden: Golden) -> Iterator[Output]:
    """Style, text encoder, durations, posterior, flow, and what text becomes at each denoise
    ratio, with packed weights too."""
    config, weights = import_text_to_vec(golden.state_dict(), TEXT_TO_VEC_CONFIG)
    network: TextToVec = with_weights(TextToVec(config), weights)
    tokens = golden["tokens"]
    batch, length = tokens.shape
    token_mask = torch.ones(batch, 1, length, device=tokens.device)
    styles = network.style(golden["prompt_mel"])
    style = _mixed(golden, styles, 0.0, batch)
    yield "style", styles.squeeze(2)
    hidden, prior_mean, prior_logs = network.text_encoder(tokens, token_mask, style)
    yield "text_hidden", hidden
    yield "prior_mean", prior_mean
    yield "prior_logs", prior_logs
    yield "log_duration", network.duration_predictor.sample(hidden, token_mask, style, 0.0)
    if "w2v" in golden:
        semantic = golden["w2v"]
        mask = semantic.new_ones(semantic.shape[0], 1, semantic.shape[-1])
        style = _mixed(golden, styles, 0.0, semantic.shape[0])
        posterior_mean, posterior_logs = network.posterior_encoder(semantic, mask, style)
        yield "posterior_mean", posterior_mean
        yield "posterior_logs", posterior_logs
        yield "flow_of_mean", network.flow(posterior_mean, mask, style)
    lengths = torch.full((batch,), length, device=tokens.device)
    for name, ratio in _denoised(golden, "w2v"):
        style = _mixed(golden, styles, ratio, batch)
        output = network.infer(tokens, lengths, style, noise_scale=0.0, duration_noise_scale=0.0)
        yield name, output.semantic
        yield name.replace("w2v", "log_f0", 1), output.log_f0
    prepare_for_inference(network)
    for name, ratio in _denoised(golden, "w2v"):
        style = _mixed(golden, network.style(golden["prompt_mel"]), ratio, batch)
        output = network.infer(tokens, lengths, style, noise_scale=0.0, duration_noise_scale=0.0)
        pitch = name.replace("w2v", "log_f0", 1)
        yield f"{name}, packed", output.semantic, golden[name]
        yield f"{pitch}, packed", output.log_f0, golden[pitch]


def _denoised(golden: Golden, prefix: str) -> list[tuple[str, float]]:
    """Names of the outputs at each denoise ratio, such as `audio_denoise_0.8`, and the ratios."""
    head = f"{prefix}_denoise_"
    return [(name, float(name.removeprefix(head))) for name in golden.names(f"{head}.+")]


def _mixed(golden: Golden, style: Tensor, ratio: float, batch: int) -> Tensor:
    """Styles of the prompts and, behind them, of their denoised twins → (batch, S, 1)."""
    prompts = style
    if style.shape[0] in (2, 2 * batch):
        original, denoised = style.chunk(2)
        prompts = (1 - ratio) * original + ratio * denoised
    if prompts.shape[0] not in (1, batch):
        raise DataError(
            f"{golden.name} in {golden.folder} has {style.shape[0]} prompts for {batch} items", "restore it"
        )
    return prompts.expand(batch, -1, -1)


CASES: dict[str, Case] = {"hierspeechpp_synthesizer": synthesizer, "hierspeechpp_ttv": text_to_vec}
