"""A light network for SpeechSR's task: it keeps the spectrum that is there and adds the band that is missing.

Not a published one. Everything is computed 200 times a second, on short-time spectra, and an inverse
transform at the output's rate raises the rate, so that it takes a small part of the published network's time.
The new band is the upper part of the old, repeated upwards (as in spectral band replication, Dietz et al.
2002), with gains from the network for each frame.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.sr.speechsr.config import INPUT_RATE, SpectralSpeechSRConfig
from hiervox.modules.convolutions.convnext import ConvNeXtBlock
from hiervox.modules.spectral.hop_stft import HopSTFT

HOP = 80
"""Samples at 16 kHz between two spectra."""
WINDOW = 320
"""Samples at 16 kHz to a spectrum; a bin is 50 Hz wide."""
KEPT_BINS = 145
"""Below 7.25 kHz the input is kept. Above it the low-pass of `hiervox.processors.audio.resample` begins to
bite, and recordings that never saw it would look different from those in training."""
COPIED_BINS = 96
"""The highest of the kept ones, from 2.45 kHz on, which are repeated upwards."""
BAND_BINS = 8
"""400 Hz have one gain; between the bands' centres it is interpolated. A mel spectrogram, which the loss
compares, says nothing finer up there."""
_EDGE_KERNEL = 5
_ENVELOPE_BINS = 9
"""The copied spectrum is divided by its mean magnitude over so many bins."""
_FLOOR = 1e-3
"""Magnitudes below it are silence; full scale has 80."""
_HIGHEST_LOG_GAIN = 4.0
_INITIAL_LOG_GAIN = -3.0


class SpectralSpeechSR(nn.Module):
    """Spectra at 16 kHz, ConvNeXt blocks over time, spectra at the output's rate.

    Args:
        config: sizes and the output rate.

    Attributes:
        context: input samples on either side of a moment that its output depends on.
        input_multiple: a segment from a multiple of so many samples on gives what the whole gives.
        cpu_window: input samples to one pass that suit a CPU.
    """

    input_multiple = HOP
    cpu_window = 160_000

    def __init__(self, config: SpectralSpeechSRConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.analysis = HopSTFT(WINDOW, HOP)
        self.synthesis = HopSTFT(WINDOW * config.rate // INPUT_RATE, HOP * config.rate // INPUT_RATE)
        self._new_bins = self.synthesis.bins - KEPT_BINS
        self.first_conv = nn.Conv1d(KEPT_BINS, channels, _EDGE_KERNEL, padding="same")
        blocks = [ConvNeXtBlock(config.block) for _ in range(config.n_blocks)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, -(-self._new_bins // BAND_BINS))
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.fill_(_INITIAL_LOG_GAIN)
        frames = _EDGE_KERNEL // 2 + sum(block.context for block in blocks)
        self.context = frames * HOP + WINDOW  # half a window on the way in, half on the way out

    def forward(self, wav: Tensor) -> Tensor:
        """Upsample: wav (B, 1, T) at 16 kHz → (B, 1, T · rate // 16000) at `config.rate`."""
        samples = wav.shape[-1]
        spectrum = self.analysis(F.pad(wav.squeeze(1), (0, -samples % HOP)))[:, :KEPT_BINS]
        magnitude = spectrum.abs()
        # Silence is 0, as what the convolutions see beyond the ends.
        x = self.first_conv(torch.log1p(magnitude / _FLOOR).to(wav.dtype))
        for block in self.blocks:
            x = block(x)
        log_gains = self.head(self.norm(x.mT)).float().clamp(max=_HIGHEST_LOG_GAIN)
        gains = F.interpolate(log_gains.exp(), scale_factor=BAND_BINS, mode="linear")[
            ..., : self._new_bins
        ].mT
        new = gains * self._repeated(spectrum, magnitude)
        # A longer transform sums more samples: the same wave has larger values in it.
        kept = spectrum * (self.config.rate / INPUT_RATE)
        raised = self.synthesis.inverse(torch.cat([kept, new], dim=1))
        return raised[:, None, : samples * self.config.rate // INPUT_RATE].clamp(-1, 1).to(wav.dtype)

    def _repeated(self, spectrum: Tensor, magnitude: Tensor) -> Tensor:
        """The copied bins, made flat over frequency, repeated to (B, new bins, N)."""
        copied = magnitude[:, -COPIED_BINS:].mT
        envelope = F.avg_pool1d(
            copied, _ENVELOPE_BINS, 1, padding=_ENVELOPE_BINS // 2, count_include_pad=False
        ).mT
        flat = spectrum[:, -COPIED_BINS:] / (envelope + _FLOOR)
        repeats = -(-self._new_bins // COPIED_BINS)
        return flat.repeat(1, repeats, 1)[:, : self._new_bins]
