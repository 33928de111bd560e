from __future__ import annotations

import torch

from hiervox.models.tts._hierarchy.networks.dual_audio_encoder import DualAudioPosteriorEncoder
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.posterior import WaveformEncoder, WaveformEncoderSizes

SIZES = WaveNetSizes(hidden_channels=8, n_layers=2)


@torch.no_grad()
def test_dual_audio_posterior_uses_spectrogram_and_waveform() -> None:
    torch.manual_seed(0)
    waveform_encoder = WaveformEncoder(
        WaveformEncoderSizes(
            channels=(2, 4, 8),
            rates=(8, 4),
            kernel_sizes=(17, 8),
            block_kernel_sizes=(3,),
            block_dilations=(1,),
        ),
        out_channels=8,
    )
    network = DualAudioPosteriorEncoder(
        SIZES, waveform_encoder, spectrogram_channels=6, latent_channels=4, style_channels=5
    ).eval()
    spectrum, wav, mask = torch.randn(2, 6, 10), torch.randn(2, 1, 320), torch.ones(2, 1, 10)
    style = torch.randn(2, 5, 1)
    mean, log_std = network(spectrum, wav, mask, style)
    assert mean.shape == log_std.shape == (2, 4, 10)
    assert not torch.allclose(network(spectrum + 1, wav, mask, style)[0], mean)
    assert not torch.allclose(network(spectrum, -wav, mask, style)[0], mean)
