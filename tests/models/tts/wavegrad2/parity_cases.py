"""Golden outputs of WaveGrad 2 (maum-ai/wavegrad2): Base stage by stage, the decoder of Large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.tts.wavegrad2.config import WaveGrad2Config
from hiervox.models.tts.wavegrad2.networks.gaussian_upsampling import frame_positions, gaussian_alignment
from hiervox.models.tts.wavegrad2.networks.wavegrad2 import WaveGrad2
from hiervox.models.tts.wavegrad2.published import (
    decoder_rules,
    decoder_sizes,
    import_wavegrad2,
    joined_modulations,
)
from hiervox.modules.diffusion.process import NoiseSchedule, add_noise, posterior_mean
from hiervox.modules.diffusion.wavegrad import WaveGrad
from hiervox.modules.functional.masking import sequence_mask
from tests.golden import Case, Golden, Output, with_weights

DILATIONS = [[1, 2, 4, 8]] * 3 + [[1, 2, 1, 2]] * 2
# What the published hparameter.yaml sets.
CONFIG: dict[str, Any] = {
    "audio": {"n_mel_channels": 80, "filter_length": 1024, "hop_length": 256, "win_length": 1024}
    | {"sampling_rate": 22_050, "mel_fmin": 0.0, "mel_fmax": 8000.0},
    "encoder": {"channel": 512, "kernel": 5, "depth": 3, "dropout_rate": 0.5, "speaker_emb": 64},
    "dur_predictor": {"dur_lstm_channel": 512, "range_lstm_channel": 512},
    "window": {"scale": 300, "length": 256},
    "wavegrad": {
        "is_large": False,
        "encode_channel": 576,
        "scale_factors": [5, 5, 3, 2, 2],
        "upsample": {
            "preconv_channel": 768,
            "out_channels": [512, 512, 256, 128, 128],
            "dilations": DILATIONS,
        },
        "downsample": {
            "preconv_channel": 32,
            "out_channels": [128, 128, 256, 512],
            "dilations": [[1, 2, 4]] * 4,
        },
        "pos_emb_dim": 512,
    },
    "ddpm": {
        "max_step": 1000,
        "noise_schedule": "torch.linspace(1e-6, 0.01, hparams.ddpm.max_step)",
        "pos_emb_scale": 5000,
        "infer_schedule": "torch.tensor([1e-6,2e-6,1e-5,1e-4,1e-3,1e-2,1e-1,9e-1])",
    },
}


def _text(golden: Golden, network: WaveGrad2) -> Iterator[Output]:
    """Text encoder, as a whole and its parts."""
    tokens, lengths = golden["tokens"], golden["token_lengths"]
    mask = sequence_mask(lengths, tokens.shape[1])
    encoder = network.text_encoder
    yield "text_encoding", encoder(tokens, mask).mT
    memory = network.memory(tokens, mask, network.table_style(golden["speakers"]))
    yield "encoder_out", memory.mT
    alone = golden["encoder_conv_in"].new_ones(1, 1, golden["encoder_conv_in"].shape[2])
    yield "encoder_conv_out", encoder.convolved(golden["encoder_conv_in"], alone)
    hidden = golden["encoder_lstm_in"]
    yield "encoder_lstm_out", encoder.recurrent(hidden.mT, torch.tensor([hidden.shape[1]])).mT


def _resampling(golden: Golden, network: WaveGrad2) -> Iterator[Output]:
    """Durations, ranges, alignment, frames; the published code aligns padded frames, too."""
    memory, durations = golden["memory"].mT, golden["target_duration"]
    mask = sequence_mask(golden["token_lengths"], memory.shape[2])
    yield "duration_s", network.duration_predictor(memory, mask)
    ranges = network.ranges(memory, durations, mask)
    yield "sigma", ranges.masked_fill(mask[:, 0] == 0, 1e-8)
    sizes, starts = (
        network.config.resampling,
        torch.zeros(len(memory), dtype=torch.long, device=memory.device),
    )
    frames = int(golden["frame_lengths"].max())
    positions = frame_positions(starts, frames, sizes.frame_offset)
    alignment = gaussian_alignment(durations, ranges, mask, positions, sizes.epsilon)
    yield "alignment", alignment.mT
    yield "upsampled", (memory @ alignment.mT)[..., : golden["upsampled"].shape[2]]


def _diffusion(golden: Golden, network: WaveGrad2) -> Iterator[Output]:
    """Schedules, noise at three levels, reverse steps."""
    training = network.config.decoder.schedule
    yield "train_betas", training.betas.float()
    levels = torch.cat([torch.ones(1).double(), training.signal_levels]).sqrt()
    yield "train_sqrt_alphas_cumprod_with_1", levels.float()
    hidden, levels = golden["hidden_rep"], golden["noise_level"]
    noisy = add_noise(golden["wav"], levels, golden["eps"])
    yield "noisy_wav", noisy
    several = hidden.expand(len(noisy), -1, -1)
    yield "eps_predicted", network.decoder.predict_noise(noisy, levels.squeeze(1), several)
    schedule = network.config.schedule(8)
    yield "infer_betas", schedule.betas.float()
    yield "posterior_log_variance", schedule.posterior_variances.clamp_min(1e-20).log().float()
    yield from _reverse(golden, network, schedule)


def _reverse(golden: Golden, network: WaveGrad2, schedule: NoiseSchedule) -> Iterator[Output]:
    hidden, noises = golden["hidden_rep"], list(golden["reverse_noise"])
    condition = network.decoder.condition(hidden)
    deviations = schedule.posterior_variances.sqrt().tolist()
    wav, last = noises[0], len(schedule) - 1
    for number, step in enumerate(range(last, -1, -1)):
        level = schedule.signal_levels[[step]].float().sqrt().to(wav.device)
        noise = network.decoder.predict(wav, level, condition)
        added = deviations[step] * noises[number + 1] if step else 0.0
        if step == last:
            unclipped = posterior_mean(wav, noise, schedule, step)
            yield "reverse_1_unclipped", unclipped + added
        wav = posterior_mean(wav, noise, schedule, step, clip="estimate")
        if step == last:
            yield "posterior_mean_first", wav
        wav = wav + added
        if number in (0, 3):
            yield f"reverse_{number + 1}", wav
    yield "reverse_last", wav
    yield "whole", network.generate(hidden, schedule, noises), golden["reverse_last"]


def base(golden: Golden) -> Iterator[Output]:
    """Base, from tokens to a waveform."""
    tensors = golden.state_dict()
    speakers = [str(number) for number in range(len(tensors["speaker_embedding.weight"]))]
    sections, weights = import_wavegrad2(tensors, {**CONFIG, "data": {"speakers": speakers}})
    config = sections["model"]
    assert isinstance(config, WaveGrad2Config)
    network: WaveGrad2 = with_weights(WaveGrad2(config), weights)
    yield from _text(golden, network)
    yield from _resampling(golden, network)
    yield from _diffusion(golden, network)


def large(golden: Golden) -> Iterator[Output]:
    """The decoder of Large at two levels."""
    published = {**CONFIG["wavegrad"], "is_large": True}
    published["upsample"] = published["upsample"] | {"dilations": [[1, 2, 4, 8]] * 5}
    sizes = decoder_sizes({**CONFIG, "wavegrad": published})
    network = WaveGrad(sizes)
    rules = decoder_rules(sizes, r"decoder\.")
    with_weights(network, map_tensors(joined_modulations(golden.state_dict()), rules, network))
    hidden = golden["hidden_rep"].expand(len(golden["noisy_wav"]), -1, -1)
    levels = golden["noise_level"].squeeze(1)
    yield "eps_predicted", network.predict_noise(golden["noisy_wav"], levels, hidden)


CASES: dict[str, Case] = {"wavegrad2": base, "wavegrad2_large": large}
