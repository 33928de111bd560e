"""From a noisy recording of any rate and length to a clean one at 16 kHz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.base.pipelines.protocols import Recording
from hiervox.models.base.pipelines.vocoder import recording_chunks
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet
from hiervox.models.enhancement.mp_senet.spectrum import compressed_spectrum, waveform
from hiervox.processors.audio import Waveform, as_recording, require_finite
from hiervox.utils.errors import CheckpointError

WINDOW_SECONDS = 5
"""Most that the network sees at once, as HierSpeech++'s authors advise. Attention costs with its square: in
windows of 10 s, a second of sound takes a CPU a third more time."""
FADE_SECONDS = 0.5
"""Over which the results of two windows change into each other."""
BLOCK = 2**20
"""Samples that are read at once, 65 s; the published code's sum of squares is that of one block."""


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
        return np.concatenate(list(self.enhance_stream((wav, rate)))), self.rate

    def enhance_stream(self, recording: Recording) -> Iterator[Waveform]:
        """`enhance` of a sound file, or of a waveform with its rate, in chunks (T_i,) at 16 kHz.

        A file is read twice: its level is known at its end.

        Raises:
            AudioError: as `enhance`; the file can't be read.
        """
        if isinstance(recording, tuple):
            recording = as_recording(recording[0], "the recording"), recording[1]
        size, power = 0, torch.zeros(())
        for block in self._blocks(recording):
            # in single precision and in this order as published: rounding decides the phase of empty bins
            size, power = size + block.size, power + torch.from_numpy(block).square().sum()
        if power == 0:
            yield from self._blocks(recording)
            return
        gain = torch.sqrt(size / power).numpy()
        config = self.network.config
        # Whole hops, and enough of them for the reflection at the spectrum's edges.
        samples = max(-(-size // config.hop_length) * config.hop_length, config.n_fft)
        scaled = (block * gain for block in self._blocks(recording))
        given = 0
        for clean in self._joined(chain(scaled, [np.zeros(samples - size, np.float32)]), samples):
            yield clean[: max(0, size - given)] / gain
            given += clean.size

    def _blocks(self, recording: Recording) -> Iterator[Waveform]:
        """A recording at the pipeline's rate in chunks of `BLOCK` samples, the last one shorter."""
        kept: list[Waveform] = []
        for chunk in recording_chunks(recording, self.rate):
            kept.append(chunk)
            if sum(each.size for each in kept) >= BLOCK:
                joined = np.concatenate(kept)
                whole = joined.size // BLOCK * BLOCK
                yield from np.split(joined[:whole], whole // BLOCK)
                kept = [joined[whole:]]
        if any(each.size for each in kept):
            yield np.concatenate(kept)

    def _joined(self, noisy: Iterable[Waveform], samples: int) -> Iterator[Waveform]:
        """Denoise windows of chunks (T_i,), and fade each into the next in the middle of their overlap.

        Args:
            noisy: of so many samples in all.
            samples: a multiple of the network's hop.
        """
        chunks, seen, first = iter(noisy), np.zeros(0, np.float32), 0
        rising = np.linspace(0, 1, self.fade, endpoint=False, dtype=np.float32)
        clean, given = np.zeros(0, np.float32), 0  # what is not given yet, and where it begins
        windows = self._windows(samples)
        for number, (start, stop) in enumerate(windows):
            while first + seen.size < stop:
                seen = np.concatenate([seen, next(chunks)])
            seen, first = seen[start - first :], start
            segment = self._pass(seen[: stop - start])
            if number:
                fade = self._fade_start(windows, number)
                last = fade + self.fade
                clean[fade - given :][: self.fade] += rising * (
                    segment[fade - start : last - start] - clean[fade - given :][: self.fade]
                )
                segment = segment[last - start :]
                clean = clean[: last - given]
            clean = np.concatenate([clean, segment])
            known = self._fade_start(windows, number + 1) if number + 1 < len(windows) else samples
            yield clean[: known - given]
            clean, given = clean[known - given :], known

    def _fade_start(self, windows: Sequence[tuple[int, int]], number: int) -> int:
        """Where a window begins to take over from the one before."""
        return (windows[number][0] + windows[number - 1][1] - self.fade) // 2

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
