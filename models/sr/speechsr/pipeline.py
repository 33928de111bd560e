"""From a recording of any rate to one at 24 or 48 kHz."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from models.base.checkpoint import load_network
from models.sr.speechsr.config import INPUT_RATE
from models.sr.speechsr.model import SpeechSR
from modules.weight_norm import remove_weight_norm
from processors.audio import Waveform, resample
from utils.errors import AudioError, CheckpointError

CPU_WINDOW = 4_800
"""Samples at 16 kHz to one pass of the network; what it computes then mostly stays in a CPU's cache."""
GPU_WINDOW = 160_000
"""The same where long passes are the quick ones."""


class SpeechSRPipeline:
    """Super-resolution with a trained network.

    Args:
        network: its weights are made ready for inference, so it can't be trained any more.

    Attributes:
        rate: of the output, Hz.
        device: of the network.
        window: samples at 16 kHz to one pass; even.
    """

    def __init__(self, network: SpeechSR) -> None:
        self.network = network.eval()
        remove_weight_norm(self.network)
        self.rate: int = network.config.rate
        self.device = network.last_conv.weight.device
        self.window = CPU_WINDOW if self.device.type == "cpu" else GPU_WINDOW

    @classmethod
    def load(cls, checkpoint: Path, device: str | torch.device = "cpu") -> SpeechSRPipeline:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_network(checkpoint, device)
        if not isinstance(network, SpeechSR):
            raise CheckpointError(
                f"{checkpoint} is {experiment.system}/{experiment.part}, not speechsr/speechsr",
                "name a SpeechSR checkpoint",
            )
        return cls(network)

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
            AudioError: the waveform is empty, has several channels, or is not finite.
        """
        if wav.ndim != 1 or wav.size == 0 or not np.isfinite(wav).all():
            raise AudioError(
                f"a waveform of shape {wav.shape} can't be raised", "give finite samples of one channel"
            )
        low = resample(np.asarray(wav, np.float32), rate, INPUT_RATE)
        raised = np.empty(low.size * self.rate // INPUT_RATE, np.float32)
        # Linear interpolation by 1.5 repeats every two samples, so windows begin and end at even ones.
        margin = self.network.context + self.network.context % 2
        padded = torch.from_numpy(np.pad(low, (0, low.size % 2)))
        for start in range(0, len(padded), self.window):
            stop = min(start + self.window, len(padded))
            first, last = max(0, start - margin), min(stop + margin, len(padded))
            piece = self._pass(padded[first:last])
            place = slice(self._raised_length(start), min(self._raised_length(stop), raised.size))
            offset = self._raised_length(first)
            raised[place] = piece[place.start - offset : place.stop - offset]
        return raised, self.rate

    def _raised_length(self, samples: int) -> int:
        return samples * self.rate // INPUT_RATE

    @torch.inference_mode()
    def _pass(self, low: torch.Tensor) -> Waveform:
        raised: Waveform = self.network(low.view(1, 1, -1).to(self.device)).view(-1).cpu().numpy()
        return raised
