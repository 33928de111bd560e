"""The forward-sum aligner for use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from typing_extensions import Self

from hiervox.models.alignment.forward_sum_aligner.config import AlignerExperiment
from hiervox.models.alignment.forward_sum_aligner.network import ForwardSumAligner, with_silences
from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.processors.audio import Waveform, as_waveform, resample
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import AudioError, CheckpointError


class AlignerPipeline(NotPickled):
    """Forced alignment of recordings and their tokens.

    Args:
        network: in inference mode from here on.
        experiment: its config.

    Attributes:
        rate: Hz of what it takes.
        text: languages and symbols of the tokens.
    """

    def __init__(self, network: ForwardSumAligner, experiment: AlignerExperiment) -> None:
        self.network = network.eval()
        self.rate = experiment.mel.sample_rate
        self.text = experiment.text
        self._mel, self._silence = experiment.mel, experiment.silence
        self._device = next(network.parameters()).device

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_for_inference(folder, device, plain=True)
        if not isinstance(network, ForwardSumAligner) or not isinstance(experiment, AlignerExperiment):
            raise CheckpointError(f"{folder} is {experiment.system}, not an aligner", "name an aligner's")
        return cls(network, experiment)

    @torch.inference_mode()
    def align(self, wav: Waveform, rate: int, tokens: Sequence[int]) -> list[tuple[float, float]]:
        """Begin and end of each token in seconds; what lies before the first and behind the last is silence.

        Args:
            wav: (T,) at `rate` Hz.
            rate: of it.
            tokens: ids by the symbols of `text`, without blanks.

        Raises:
            AudioError: the recording has too few frames for so many tokens.
        """
        hop_length = self._mel.hop_length
        own = torch.from_numpy(resample(as_waveform(wav, "the recording"), rate, self.rate))
        padded = torch.nn.functional.pad(own, (0, max(-len(own) % hop_length, self._mel.n_fft - len(own))))
        mel = log_mel(padded[None].to(self._device), self._mel)
        frames = torch.tensor([mel.shape[2]], device=self._device)
        spoken = frames.new_tensor([list(tokens)])
        ids, lengths = with_silences(spoken, frames.new_tensor([len(tokens)]), self._silence)
        try:
            path = self.network.best_path(self.network(mel, frames), frames, ids, lengths)
        except ValueError as error:
            raise AudioError(
                f"{mel.shape[2]} frames are too few for {len(tokens)} tokens", "check text and recording"
            ) from error
        edges = path[0].sum(0)[:-1].cumsum(0).cpu().numpy() * hop_length / self.rate
        edges = edges.clip(max=len(wav) / rate)
        return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
