"""Log-mel spectrograms of waveforms that come in chunks, in memory that does not grow with them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.processors.audio import Waveform
from hiervox.processors.spectrogram import (
    SpectrogramConfig,
    compress,
    margins,
    mel_of_spectrum,
    spectrum_of_frames,
)

BLOCK_FRAMES = 4096
"""Transformed at once."""


class MelStream:
    """The frames of `log_mel` of the whole, as soon as they are known.

    Args:
        config: of the spectrogram.
    """

    def __init__(self, config: SpectrogramConfig) -> None:
        self.config = config
        self._before, self._behind = margins(config)
        self._samples = self._frames = 0
        self._padded = np.zeros(0, np.float32)  # from the first sample of the next frame on
        self._started = False

    def push(self, wav: Waveform) -> NDArray[np.float32]:
        """Take a chunk (T,); give the frames (n_mels, n) that are whole by now, perhaps none."""
        self._padded = np.concatenate([self._padded, wav.astype(np.float32, copy=False)])
        self._samples += wav.size
        if not self._started:
            if self._samples <= max(self._before, self._behind):
                return self._known(0)
            reflected = self._padded[self._before : 0 : -1]
            self._padded = np.concatenate([reflected, self._padded])
            self._started = True
        kept = self._behind + 1  # the end is reflected in these
        return self._known((self._padded.size - kept - self.config.n_fft) // self.config.hop_length + 1)

    def finish(self) -> NDArray[np.float32]:
        """The rest; in all as many frames as `config.frames` tells.

        Raises:
            ValueError: the waveform had fewer than n_fft / 2 + 1 samples.
        """
        if not self._started:
            raise ValueError(f"{self._samples} samples are too few for an n_fft of {self.config.n_fft}")
        reflected = self._padded[-2 : -2 - self._behind : -1]
        self._padded = np.concatenate([self._padded, reflected])
        return self._known(self.config.frames(self._samples) - self._frames)

    def _known(self, frames: int) -> NDArray[np.float32]:
        """The next frames, which are whole."""
        blocks = [np.zeros((self.config.n_mels, 0), np.float32)]
        while frames > 0:
            count = min(frames, BLOCK_FRAMES)
            size = (count - 1) * self.config.hop_length + self.config.n_fft
            blocks.append(self._log_mel(self._padded[:size]))
            self._padded = self._padded[count * self.config.hop_length :]
            frames, self._frames = frames - count, self._frames + count
        return np.concatenate(blocks, axis=1)

    @torch.inference_mode()
    def _log_mel(self, padded: Waveform) -> NDArray[np.float32]:
        spectrum = spectrum_of_frames(torch.from_numpy(padded)[None], self.config)
        frames: NDArray[np.float32] = compress(mel_of_spectrum(spectrum, self.config), self.config)[0].numpy()
        return frames
