"""Golden outputs of published discriminators, and of the losses that come with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.training.discriminators import build_discriminator
from hiervox.models.base.training.multi_scale_mel import multi_scale_mel_terms
from hiervox.models.vocoder._gan.published import map_discriminator
from hiervox.modules.discriminators.config import DiscriminatorConfig
from hiervox.modules.discriminators.multi_band import MultiBandConfig
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.multi_resolution_magnitude import MultiResolutionMagnitudeConfig
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTConfig
from hiervox.modules.discriminators.multi_scale import MelGANMultiScaleConfig, MultiScaleConfig
from hiervox.modules.discriminators.sub_band_cqt import SubBandCQTConfig
from hiervox.modules.losses.adversarial import LOSSES, feature_matching_loss, generator_loss
from hiervox.modules.losses.stft import multi_resolution_stft_losses
from hiervox.modules.spectral.constant_q import double_rate
from hiervox.processors.mel_presets import HIFIGAN, PRESETS
from hiervox.processors.spectrogram import log_mel
from tests.golden import Case, Golden, Output, with_weights

PERIODS = MultiPeriodConfig().periods
RECTANGULAR = MultiResolutionMagnitudeConfig(window="rectangular")
APNET2 = MultiResolutionMagnitudeConfig(
    resolutions=((1024, 256, 1024), (2048, 512, 2048), (512, 128, 512)),
    layers="wide",
    window="rectangular",
    centered=True,
)
AMPHION_STFT = MultiResolutionSTFTConfig(
    window_lengths=(1024, 2048, 512),
    hop_lengths=(256, 512, 256),
    slope=0.2,
    normalize_first=False,
    logits_are_feature=False,
)


def _loaded(golden: Golden, prefix: str, config: DiscriminatorConfig) -> nn.Module:
    state_dict = {
        name.removeprefix(prefix): tensor
        for name, tensor in golden.state_dict().items()
        if name.startswith(prefix)
    }
    loaded: nn.Module = with_weights(build_discriminator(config), map_discriminator(state_dict, config))
    return loaded


def _audio(golden: Golden) -> tuple[Tensor, Tensor]:
    real, fake = golden["wav"], golden["wav_generated"]
    return real.view(-1, 1, real.shape[-1]), fake.view(-1, 1, fake.shape[-1])


def _outputs(
    golden: Golden, name: str, keys: Sequence[int], network: nn.Module, kind: str = "least_squares"
) -> Iterator[Output]:
    """Logits, feature maps and losses of the sub-discriminators of one kind."""
    real, fake = (network(wav) for wav in _audio(golden))
    loss = LOSSES[kind]
    for key, output in zip(keys, real, strict=True):
        golden_logits = golden[f"{name}_{key}_logits"]
        yield f"{name}_{key}_logits", output.logits.view_as(golden_logits)
        yield f"{name}_{key}_feature_means", torch.stack([x.mean() for x in output.features])
        yield f"{name}_{key}_feature_abs_means", torch.stack([x.abs().mean() for x in output.features])
    yield f"{name}_generator_losses", torch.stack([loss.generator(one.logits).mean() for one in fake])
    of_real = torch.stack([loss.real(one.logits).mean() for one in real])
    of_fake = torch.stack([loss.fake(one.logits).mean() for one in fake])
    yield f"{name}_discriminator_losses", torch.stack([of_real, of_fake], dim=1)
    maps = zip(
        (x for one in real for x in one.features), (x for one in fake for x in one.features), strict=True
    )
    yield f"{name}_feature_l1", torch.stack([functional.l1_loss(made, given) for given, made in maps])


def single(
    name: str,
    prefix: str,
    keys: Sequence[int],
    config: DiscriminatorConfig,
    kind: str = "least_squares",
) -> Case:
    """The case of a golden file with discriminators of one kind."""

    def case(golden: Golden) -> Iterator[Output]:
        yield from _outputs(golden, name, keys, _loaded(golden, prefix, config), kind)

    return case


def hifigan(golden: Golden) -> Iterator[Output]:
    """Both kinds, and the generator's losses: adversarial, feature matching, 45 · mel, their sum."""
    periods = _loaded(golden, "mpd.", MultiPeriodConfig())
    scales = _loaded(golden, "msd.", MultiScaleConfig())
    yield from _outputs(golden, "mpd", PERIODS, periods)
    yield from _outputs(golden, "msd", (1, 2, 4), scales)
    real, fake = _audio(golden)
    on_real, on_fake = ([*periods(wav), *scales(wav)] for wav in (real, fake))
    adversarial, features = generator_loss(on_fake), 2 * feature_matching_loss(on_real, on_fake)
    full_band = HIFIGAN.model_copy(update={"f_max": HIFIGAN.sample_rate / 2})
    mel = 45 * functional.l1_loss(*(log_mel(wav.squeeze(1), full_band) for wav in (real, fake)))
    yield "losses", torch.stack([adversarial, features, mel, adversarial + features + mel])


def univnet(golden: Golden) -> Iterator[Output]:
    """Both kinds, and the losses of the spectra."""
    magnitudes = MultiResolutionMagnitudeConfig(window="rectangular", slope=0.2)
    periods = MultiPeriodConfig(channels=(64, 128, 256, 512, 1024), slope=0.2)
    yield from _outputs(golden, "mrd", (1024, 2048, 512), _loaded(golden, "MRD.", magnitudes))
    yield from _outputs(golden, "mpd", PERIODS, _loaded(golden, "MPD.", periods))
    real, fake = _audio(golden)
    losses = multi_resolution_stft_losses(fake.squeeze(1), real.squeeze(1))
    yield "stft_losses", torch.stack([losses["spectral_convergence"], losses["log_magnitude"]])


def vocos(golden: Golden) -> Iterator[Output]:
    """Both kinds with hinge losses, and the mel loss of some pieces."""
    periods = MultiPeriodConfig(first_is_feature=False)
    bands = _loaded(golden, "multiresddisc.", MultiBandConfig())
    yield from _outputs(golden, "mpd", PERIODS, _loaded(golden, "multiperioddisc.", periods), "clipped_hinge")
    yield from _outputs(golden, "mrd", (2048, 1024, 512), bands, "clipped_hinge")
    real, fake = (log_mel_pieces(golden[name]) for name in ("wav", "wav_generated"))
    yield (
        "mel_losses_of_pieces",
        torch.stack([functional.l1_loss(*pair) for pair in zip(real, fake, strict=True)]),
    )


def log_mel_pieces(wav: Tensor) -> list[Tensor]:
    """Vocos's log-mel spectrograms of three pieces of (B, T)."""
    return [
        log_mel(wav[:, start:end], PRESETS["vocos"]) for start, end in ((0, 3000), (2000, 5000), (4000, 7000))
    ]


def cqt(golden: Golden) -> Iterator[Output]:
    """The discriminators, the doubled rate, and the transforms alone."""
    channels, prefix = (128, "mrd.") if golden.name.startswith("bigvgan") else (32, "")
    config = SubBandCQTConfig(channels=channels)
    network = _loaded(golden, prefix, config)
    yield from _outputs(golden, "cqtd", config.bins_per_octave, network)
    yield "wav_resampled", double_rate(golden["wav"])
    discriminators = network.get_submodule("discriminators")
    assert isinstance(discriminators, nn.ModuleList)
    for bins, discriminator in zip(config.bins_per_octave, discriminators, strict=True):
        yield f"cqt_{bins}", discriminator.get_submodule("transform")(golden["wav_resampled"])


def mel_loss(golden: Golden) -> Iterator[Output]:
    """BigVGAN v2's mel loss, scale by scale."""
    real, fake = (wav.squeeze(1) for wav in _audio(golden))
    yield "multi_scale_mel_losses", torch.stack(multi_scale_mel_terms(fake, real, 24_000))


CASES: Mapping[str, Case] = {
    "hifigan_discriminators": hifigan,
    "univnet_discriminators": univnet,
    "vocos_discriminators": vocos,
    "bigvgan_mpd": single("mpd", "mpd.", PERIODS, MultiPeriodConfig()),
    "bigvgan_mrd": single("mrd", "mrd.", (1024, 2048, 512), RECTANGULAR),
    "bigvgan_mbd": single("mbd", "mrd.", (2048, 1024, 512), MultiBandConfig()),
    "bigvgan_cqtd": cqt,
    "bigvgan_mel_loss": mel_loss,
    "amphion_mssbcqtd": cqt,
    "amphion_msstftd": single("msstftd", "", (1024, 2048, 512), AMPHION_STFT),
    "apnet2_mrd": single("mrd", "mrd.", (1024, 2048, 512), APNET2, kind="clipped_hinge"),
    "melgan_discriminators": single("msd", "model.", (1, 2, 4), MelGANMultiScaleConfig(), "hinge"),
}
