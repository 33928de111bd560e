"""From a noisy recording of any rate and length to a clean one at 16 kHz."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet
from hiervox.models.enhancement.mp_senet.spectrum import compressed_spectrum, waveform
from hiervox.processors.audio import Waveform, as_waveform, require_finite, resample
from hiervox.utils.errors import AudioError, CheckpointError

WINDOW_SECONDS = 5
"""Most that the network sees at once, as HierSpeech++'s authors advise. Attention costs with its square: in
windows of 10 s, a second of sound takes a CPU a third more time."""
FADE_SECONDS = 0.5
"""Over which the results of two windows change into each other."""


class MPSENetPipeline(NotPickled):
    """Denoising with a trained network.

    Args:
        network: goes to eval mode.

    Attributes:
        rate: of the output, Hz.
        device: of the network.
        window, fade: in samples at `rate`; multiples of the network's hop, the fade the shorter.
    """

    def __init__(self, network: MPSENet) -> None:
        self.network = network.eval()
        self.rate: int = network.config.sample_rate
        self.device = network.mask_decoder.slope.device
        hop = network.config.hop_length
        self.window = WINDOW_SECONDS * self.rate // hop * hop
        self.fade = int(FADE_SECONDS * self.rate) // hop * hop

    @classmethod
    def load(cls, checkpoint: Path, device: str | torch.device = "cpu") -> MPSENetPipeline:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_for_inference(checkpoint, device)
        if not isinstance(network, MPSENet):
            raise CheckpointError(
                f"{checkpoint} is {experiment.system}/{experiment.part}, not mp_senet/mp_senet",
                "name an MP-SENet checkpoint",
            )
        return cls(network)

    def enhance(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        """Take the noise out of a waveform; its level stays.

        The network sees the recording at a root mean square of 1, as it was trained. One that is longer than
        `window` is cut into windows that overlap by `fade` or more, so that memory does not grow with its
        length; the network normalises over all that it sees, so what it makes of a window differs a
        little from what it would make of the whole.

        Args:
            wav: (T,) float32.
            rate: of `wav`, Hz; it is resampled to 16 kHz.

        Returns:
            The waveform at 16 kHz, as long as the recording, and that rate. Digital silence stays.

        Raises:
            AudioError: the waveform is empty, has several channels, or it or the result is not finite.
        """
        wav = as_waveform(wav, "the recording")
        if wav.ndim != 1 or wav.size == 0 or not np.isfinite(wav).all():
            raise AudioError(
                f"a waveform of shape {wav.shape} can't be denoised", "give finite samples of one channel"
            )
        noisy = resample(wav, rate, self.rate)
        # In single precision and in this order as published, since rounding decides the phase of empty bins.
        power = torch.from_numpy(noisy).square().sum()
        if power == 0:
            return noisy, self.rate
        gain = torch.sqrt(noisy.size / power).numpy()
        config = self.network.config
        # Whole hops, and enough of them for the reflection at the spectrum's edges.
        samples = max(-(-noisy.size // config.hop_length) * config.hop_length, config.n_fft)
        padded = np.pad(noisy * gain, (0, samples - noisy.size))
        return self._joined(padded)[: noisy.size] / gain, self.rate

    def _joined(self, noisy: Waveform) -> Waveform:
        """Denoise windows of (T,) and fade each into the next in the middle of their overlap."""
        clean = np.empty_like(noisy)
        rising = np.linspace(0, 1, self.fade, endpoint=False, dtype=np.float32)
        done = 0
        for start, stop in self._windows(noisy.size):
            segment = self._pass(noisy[start:stop])
            if start == 0:
                clean[:stop] = segment
            else:
                first = (start + done - self.fade) // 2
                last = first + self.fade
                clean[first:last] += (segment[first - start : last - start] - clean[first:last]) * rising
                clean[last:stop] = segment[last - start :]
            done = stop
        return clean

    def _windows(self, samples: int) -> list[tuple[int, int]]:
        """Windows of one length, at most `window`, that cover all samples and overlap by `fade` or more."""
        hop = self.network.config.hop_length
        hops, fade, window = samples // hop, self.fade // hop, self.window // hop
        count = max(1, -(-(hops - fade) // (window - fade)))
        length = -(-(hops + (count - 1) * fade) // count)
        starts = [number * (hops - length) // max(1, count - 1) for number in range(count)]
        return [(start * hop, (start + length) * hop) for start in starts]

    @torch.inference_mode()
    def _pass(self, noisy: Waveform) -> Waveform:
        config = self.network.config
        amplitude, phase = compressed_spectrum(torch.from_numpy(noisy).view(1, -1).to(self.device), config)
        amplitude, phase = self.network(amplitude, phase)
        clean: Waveform = waveform(amplitude, phase, config).view(-1).cpu().numpy()
        require_finite(clean, "the denoised recording")
        return clean
