"""Golden outputs of PicoAudio in Amphion: timing, network, losses, sampling, autoencoder and vocoder."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.tta._latent.autoencoder import MelAutoencoder, MelAutoencoderSizes
from hiervox.models.tta._latent.captions import ClassEncoder, ClassEncoderSizes, doubled
from hiervox.models.tta._latent.tasks import min_snr_weight
from hiervox.models.tta._latent.unet import Condition
from hiervox.models.tta.picoaudio.network import PicoAudio, PicoAudioSizes
from hiervox.models.tta.picoaudio.published import import_autoencoder, import_diffusion
from hiervox.models.tta.picoaudio.timing import parse_published, timing_matrix
from hiervox.models.vocoder._gan.published import generator_rules
from hiervox.modules.diffusion.samplers import timesteps
from hiervox.modules.generators.hifigan import HiFiGANGenerator, HiFiGANSizes
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from tests.golden import Case, Golden, Output, with_weights

COLUMN_RATE = 25.0
N_PLACES = 256
SHIFT = 4 * 2 * 2 * 2
"""Samples of a sample of the vocoder's first stage."""
MARGIN = 4000
"""More than the vocoder sees of either end."""


def _text(golden: Golden, name: str) -> str:
    return bytes(golden[name].cpu().tolist()).decode()


def picoaudio(golden: Golden) -> Iterator[Output]:
    """The timing matrix, velocity and its losses, and sampling with and without guidance."""
    state = golden.state_dict()
    names = _text(golden, "event_names").split("|")
    published = {
        "attention_head_dim": [4, 8, 8, 8],
        "events": names,
        "scale_factor": float(golden["scale_factor"]),
    }
    sections, tensors = import_diffusion(state, published)
    sizes = sections["model"]
    assert isinstance(sizes, PicoAudioSizes)
    network: PicoAudio = with_weights(PicoAudio(sizes), tensors)
    events = parse_published(_text(golden, "timing_text"), names)
    matrix = timing_matrix(events, names, sizes.n_rows, N_PLACES, COLUMN_RATE)
    yield "onset", torch.from_numpy(matrix)[None]
    control = network.timing(events, N_PLACES, COLUMN_RATE)
    yield "onset_channels", control.mT[None]
    condition = doubled(golden["event"])
    assert condition.tokens is not None
    yield "context", condition.tokens
    table = state["model.class_emb.weight"]
    classes = ClassEncoderSizes(
        names=tuple(map(chr, range(97, 97 + len(table)))), n_rows=len(table), channels=table.shape[1]
    )
    encoder: ClassEncoder = with_weights(ClassEncoder(classes), {"table.weight": table})
    named = [classes.names[int(label)] for label in golden["label"]]
    yield "label_context", encoder.encode(named, table.device).tokens

    latent, noise, beside = golden["latent"].mT, golden["noise"].mT, control[None]
    for step in (30, 700, 500):
        steps = torch.tensor([step])
        predicted = network.predict(network.noised(latent, steps, noise), steps, condition, beside)
        loss = (predicted - network.target(latent, steps, noise)).square().mean()
        if step == 500:
            yield "loss_validation", loss
            continue
        weight = min_snr_weight(network.schedule.signal_levels[steps], 5.0).float()
        yield f"loss_step_{step}_plain", loss
        yield f"loss_step_{step}_min_snr", (weight * loss).squeeze()
        if step == 700:
            yield "v_predicted_step_700", predicted.mT
    yield "sample_timesteps", torch.tensor(timesteps(3, 1000, 1))
    start, added = golden["sample_start"].mT, golden["sample_noise"].mT
    empty = Condition(torch.zeros_like(condition.tokens))

    def drawn(draw: int) -> Tensor:
        return start if draw == 0 else added[draw - 1]

    for guidance in (1, 3):
        made = network.generate(
            condition, empty, drawn, 3, solver="ddpm", guidance=float(guidance), control=beside
        )
        yield f"sample_guidance_{guidance}", network.statistics.normalise(made).mT


def autoencoder(golden: Golden) -> Iterator[Output]:
    """AudioLDM's autoencoder, and the vocoder that comes with it."""
    state = golden.state_dict()
    sections, tensors = import_autoencoder(state, {})
    sizes = sections["model"]
    assert isinstance(sizes, MelAutoencoderSizes)
    network: MelAutoencoder = with_weights(MelAutoencoder(sizes), tensors)
    posterior = network.encode(golden["mel"].mT)
    yield "mean", posterior.mean.mT
    yield "logvar", posterior.log_variance.mT
    latent = posterior.sample(golden["latent_noise"].mT) * golden["scale_factor"]
    yield "mel_latent", latent.mT
    decoded = network.decode(latent / golden["scale_factor"])
    yield "mel_decoded", decoded.mT
    vocoder_sizes = HiFiGANSizes(
        in_channels=64, initial_channels=64, rates=(5, 4, 2, 2, 2), kernel_sizes=(16, 16, 8, 4, 4)
    )
    vocoder = HiFiGANGenerator(vocoder_sizes)
    remove_weight_norm(vocoder)
    prefix = "vae.vocoder."
    own = {name.removeprefix(prefix): state[name] for name in state if name.startswith(prefix)}
    with_weights(vocoder, map_tensors(own, generator_rules(vocoder_sizes), vocoder))
    made = vocoder(decoded[:, 0])[..., MARGIN:-MARGIN]
    # Published, an odd difference of kernel and rate makes a stage a sample longer, at its beginning.
    yield "audio", made, golden["audio"][..., SHIFT + MARGIN :][..., : made.shape[-1]]


CASES: dict[str, Case] = {"picoaudio": lambda golden: [*picoaudio(golden), *autoencoder(golden)]}
