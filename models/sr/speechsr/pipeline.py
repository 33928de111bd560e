"""From a recording of any rate to one at 24 or 48 kHz."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from hiervox.models.base.checkpoints.inference import device_of, load_for_inference
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.sr.speechsr.config import INPUT_RATE, SpeechSRExperiment
from hiervox.models.sr.speechsr.networks import AnySpeechSR
from hiervox.processors.audio import Waveform, as_recording, require_finite, resample
from hiervox.utils.errors import CheckpointError

GPU_WINDOW = 160_000
"""Samples at 16 kHz to one pass of the network where long passes are the quick ones."""


class SpeechSRPipeline(NotPickled):
    """Super-resolution with a trained network.

    Args:
        network: goes to eval mode.

    Attributes:
        rate: of the output, Hz.
        input_rate: of what the network takes, Hz.
        device: of the network.
        window: samples at 16 kHz to one pass, a multiple of `network.input_multiple`.
    """

    def __init__(self, network: AnySpeechSR) -> None:
        self.network = network.eval()
        self.device = device_of(network)
        self.rate: int = network.config.rate
        self.input_rate = INPUT_RATE
        self.window = network.cpu_window if self.device.type == "cpu" else GPU_WINDOW

    @classmethod
    def load(cls, checkpoint: Path, device: str | torch.device = "cpu") -> SpeechSRPipeline:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_for_inference(checkpoint, device)
        if not isinstance(network, AnySpeechSR):
            raise CheckpointError(
                f"{checkpoint} is {experiment.system}/{experiment.part}, not speechsr/speechsr",
                "name a SpeechSR checkpoint",
            )
        return cls(network)

    @classmethod
    def output_rate(cls, experiment: ExperimentConfig) -> int:
        """Hz that a checkpoint speaks at, from its config alone."""
        assert isinstance(experiment, SpeechSRExperiment)
        return experiment.model.rate

    def upsample(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        """Raise a waveform to `self.rate`; its level stays.

        The network sees overlapping windows, whose margins cover all that an output sample depends on, so
        the result is that of one pass over the whole, in bounded memory. It is more exact, too: in single
        precision, interpolation rounds positions more coarsely the longer a pass is.

        Args:
            wav: (T,) float32.
            rate: of `wav`, Hz; it is resampled to 16 kHz, so what it holds above 8 kHz is replaced.

        Returns:
            The waveform (T',), T' = samples at 16 kHz · `self.rate` // 16000, and `self.rate`.

        Raises:
            AudioError: the waveform is empty, has several channels, or it or the result is not finite.
        """
        low = resample(as_recording(wav, "the recording"), rate, INPUT_RATE)
        return self.stream().finish(low), self.rate

    def stream(self) -> UpsampleStream:
        """A new stream, for a waveform at 16 kHz that comes in chunks."""
        return UpsampleStream(
            self.upsample_pass, self.network.context, self.network.input_multiple, self.rate, self.window
        )

    @torch.inference_mode()
    def upsample_pass(self, low: torch.Tensor) -> Waveform:
        """One pass of the network: (T,) at 16 kHz → (T · `self.rate` // 16000,)."""
        upsampled: Waveform = self.network(low.view(1, 1, -1).to(self.device)).view(-1).float().cpu().numpy()
        require_finite(upsampled, "the upsampled recording")
        return upsampled


class UpsampleStream:
    """Upsamples a waveform that comes in chunks, in windows of bounded size.

    Args:
        upsample_pass: one pass of the network, (T,) at 16 kHz → at `rate`.
        context: input samples on either side that an output sample depends on.
        input_multiple: a pass begins at a multiple of so many input samples.
        rate: of the output, Hz.
        window: input samples that a pass keeps, a multiple of `input_multiple`.
    """

    def __init__(
        self,
        upsample_pass: Callable[[torch.Tensor], Waveform],
        context: int,
        input_multiple: int,
        rate: int,
        window: int,
    ) -> None:
        self._upsample = upsample_pass
        self._margin = context + -context % input_multiple
        self._multiple = input_multiple
        self._rate = rate
        self._window = window
        self._low = np.zeros(0, np.float32)  # what is still looked at
        self._first = self._done = 0  # where that begins, and up to where the input has been upsampled

    def push(self, low: Waveform) -> Waveform:
        """Take a chunk (T,) at 16 kHz; give what can be told by now (T',) at `rate`, perhaps nothing."""
        self._low = np.concatenate([self._low, low])
        known = self._first + self._low.size
        return self._upsampled_to(max(known - known % self._multiple - self._margin, self._done))

    def finish(self, low: Waveform | None = None) -> Waveform:
        """The rest; what has been given in all is samples at 16 kHz · `rate` // 16000 long.

        Args:
            low: the last chunk (T,) at 16 kHz; pushed before, its end would take a pass of its own.
        """
        if low is not None:
            self._low = np.concatenate([self._low, low])
        samples = self._first + self._low.size
        missing = -samples % self._multiple
        self._low = np.pad(self._low, (0, missing))
        rest = self._upsampled_to(samples + missing)
        return rest[: rest.size - self._output_length(samples + missing) + self._output_length(samples)]

    def _upsampled_to(self, end: int) -> Waveform:
        chunks = [np.zeros(0, np.float32)]
        while self._done < end:
            start, stop = self._done, min(self._done + self._window, end)
            first = max(start - self._margin, 0)
            seen = self._low[first - self._first : stop + self._margin - self._first]
            chunk = self._upsample(torch.from_numpy(seen))
            offset = self._output_length(first)
            chunks.append(chunk[self._output_length(start) - offset : self._output_length(stop) - offset])
            self._done = stop
        passed = max(self._done - self._margin - self._first, 0)
        self._low, self._first = self._low[passed:], self._first + passed
        return np.concatenate(chunks)

    def _output_length(self, samples: int) -> int:
        return samples * self._rate // INPUT_RATE
