"""FastSpeech 2 for use: text to speech with any vocoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.mel_text_to_speech import MelTextToSpeechPipeline
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_to_speech import Item
from hiervox.models.tts.durations import require_frames
from hiervox.models.tts.fastspeech2.config import FastSpeech2Experiment
from hiervox.models.tts.fastspeech2.controls import FastSpeech2Controls, predicted_hz, variance_controls
from hiervox.models.tts.fastspeech2.model import FastSpeech2
from hiervox.models.tts.fastspeech2.variance_adaptor import VarianceOutput
from hiervox.models.tts.voices.pipeline import SpeakerPipeline
from hiervox.modules.alignment.durations import expand_by_durations
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.pitch import Track
from hiervox.utils.errors import CheckpointError


class FastSpeech2Pipeline(SpeakerPipeline, MelTextToSpeechPipeline):
    """Speaks in the model's own voices, and, where it has an encoder of references, in any.

    Args:
        folder: of the bundle, or of the checkpoint.
        network: in inference mode from here on.
        experiment: its config.

    Raises:
        CheckpointError: the network reads other symbols than the text front end writes.
    """

    controls: ClassVar[type[SpeechControls]] = FastSpeech2Controls
    voice_tensors = ("projection",)

    def __init__(self, folder: Path, network: FastSpeech2, experiment: FastSpeech2Experiment) -> None:
        symbols = len(experiment.text.symbols)
        if network.config.n_symbols != symbols:
            raise CheckpointError(
                f"{folder} reads {network.config.n_symbols} symbols, and text.symbols has {symbols}",
                "the published ARPAbet models can be called from Python (docs/tts_systems.md)",
            )
        # the two bases' own __init__ differ in what they take
        MelTextToSpeechPipeline.__init__(self, folder, experiment.mel, next(network.parameters()).device)
        self.speaker_network = network
        self.network = network.eval()
        self.text = experiment.text

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a bundle, a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_network(find_part(folder, "tts").folder, device)
        if not isinstance(network, FastSpeech2) or not isinstance(experiment, FastSpeech2Experiment):
            raise CheckpointError(
                f"{folder} is {experiment.system}/{experiment.part}, not fastspeech2/acoustic",
                "name a FastSpeech 2 checkpoint",
            )
        return cls(folder, network, experiment)

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: Any, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to log-mels; nothing is drawn at random.

        Durations are rounded to whole frames, which must not depend on a batch's last bits, so tokens are
        read one sequence at a time.

        Raises:
            CheckpointError: the durations are beyond any speech.
        """
        read = [self._read(item, controls) for item in items]
        lengths = torch.cat([one.frame_lengths for one in read])
        hidden = pad_sequence([one.hidden[0].T for one in read], batch_first=True).mT
        _, mels = self.network.decode(hidden, sequence_mask(lengths, hidden.shape[2]))
        return [
            Synthesis(
                sequence,
                mel[:, : int(one.frame_lengths)].float().cpu().numpy(),
                self.frame_rate,
                self.noise(sequence, controls, attempt),
                durations=one.durations[0].tolist(),
                f0=self._f0(one),
            )
            for (sequence, _), one, mel in zip(items, read, mels, strict=True)
        ]

    def _read(self, item: Item, controls: Any) -> VarianceOutput:
        sequence, voice = item
        tokens = torch.tensor([sequence.tokens], device=self.device)
        mask = torch.ones(1, 1, tokens.shape[1], device=self.device)
        adaptor = self.network.adaptor
        output: VarianceOutput = adaptor(
            self.network.encode(tokens, mask, self.styles([voice])),
            mask,
            controls=variance_controls(sequence, controls, adaptor),
        )
        require_frames(output.frame_lengths)
        return output

    def _f0(self, output: VarianceOutput) -> Track:
        """The predicted F0 (T,) at 200 Hz; that of a token lasts as long as it does."""
        hz = predicted_hz(output.pitch, self.network.adaptor.pitch)
        if self.network.adaptor.pitch.level == "token":
            hz = expand_by_durations(hz, output.durations)
        frames = hz[0, 0].float().cpu().numpy()
        seconds = np.arange(round(frames.size / self.frame_rate / F0_HOP_SECONDS)) * F0_HOP_SECONDS
        places = (seconds * self.frame_rate).astype(int).clip(max=frames.size - 1)
        track: Track = frames[places]
        return track
