"""What every network from mel spectrogram to waveform has in common."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

SourceWindow = Callable[[int, int], Tensor | None]
"""First and last frame (exclusive) → the source signal (B, C, source_rate * n) of these, or None."""
NOISE_LENGTH = 65_521
"""Of fixed noise before it repeats, a prime: the repetition never falls on the same place of a frame."""


class VocoderGenerator(nn.Module):
    """Base of the generators; `forward(mel)` or `forward(mel, source)` gives the waveform (B, 1, T).

    Attributes:
        hop_length: samples to a mel frame.
        context: mel frames on either side that a hop of the output depends on; None where it depends on the
            whole utterance, which then can't be generated in chunks.
        source_rate: values of the source signal to a mel frame; 0 where the network takes none.
        needs_f0: whether the source signal is made from F0.
        continuous_f0: whether unvoiced frames take an F0 between their neighbours' (`interpolate_unvoiced`).
    """

    hop_length: int
    context: int | None
    source_rate: int = 0
    needs_f0: bool = False
    continuous_f0: bool = False

    def source_signal(self, mel: Tensor, f0: Tensor | None = None) -> Tensor | None:
        """What `forward` takes beside the mel spectrogram, of a whole utterance.

        In evaluation mode the same input gives the same signal.

        Args:
            mel: (B, M, N).
            f0: (B, N), Hz, 0 where unvoiced; where `needs_f0`.

        Returns:
            (B, C, source_rate * N), or None.
        """
        return None

    def source_windows(self, mel: Tensor, f0: Tensor | None = None) -> SourceWindow:
        """`source_signal` by windows, for long utterances; in evaluation mode, they are equal.

        A network that can tell its source at any place without what is before it does so here; else the
        whole is kept.

        Args:
            mel, f0: as `source_signal`.
        """
        whole = self.source_signal(mel, f0)
        if whole is None:
            return lambda first, last: None
        return lambda first, last: whole[..., first * self.source_rate : last * self.source_rate]


class FixedNoise(nn.Module):
    """Gaussian noise: drawn anew in training, else always the same at the same place.

    Args:
        channels: of the noise.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.register_buffer("table", None, persistent=False)

    table: Tensor | None

    def forward(self, like: Tensor, start: int = 0) -> Tensor:
        """(B, …, N) → (B, channels, N), that at the places from `start` on."""
        batch, frames = like.shape[0], like.shape[-1]
        if self.training:
            return torch.randn(batch, self.channels, frames, device=like.device, dtype=like.dtype)
        places = torch.arange(start, start + frames, device=like.device) % NOISE_LENGTH
        return self._fixed(like.device)[:, places].to(like.dtype).expand(batch, -1, -1)

    def _fixed(self, device: torch.device) -> Tensor:
        """(channels, NOISE_LENGTH), made when it is first needed."""
        if self.table is None or self.table.device != device:
            with torch.inference_mode(False):
                generator = torch.Generator("cpu").manual_seed(0)
                table = torch.randn(self.channels, NOISE_LENGTH, generator=generator, device="cpu")
                self.table = table.to(device)
        return self.table


class NoiseDrivenGenerator(VocoderGenerator):
    """A generator whose source signal is noise, fixed in evaluation mode, so that any window of it is known.

    Attributes:
        noise: as many channels of it as the signal has.
    """

    noise: FixedNoise

    def source_signal(self, mel: Tensor, f0: Tensor | None = None) -> Tensor:
        """Noise (B, noise channels, source_rate * N)."""
        return self._noise(mel, 0, mel.shape[-1])

    def source_windows(self, mel: Tensor, f0: Tensor | None = None) -> SourceWindow:
        """`source_signal` by windows."""
        return lambda first, last: self._noise(mel, first, last)

    def _noise(self, mel: Tensor, first: int, last: int) -> Tensor:
        like = mel[:, :1, first:last].repeat_interleave(self.source_rate, dim=2)
        noise: Tensor = self.noise(like, first * self.source_rate)
        return noise
