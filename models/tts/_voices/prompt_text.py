"""What is said in a prompt: written beside it, or recognised."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from hiervox.processors.audio import Waveform
from hiervox.processors.recognizer import Recognizer, whisper_code
from hiervox.processors.semantic.config import OFFLINE_WHISPER, OFFLINE_WHISPER_BASE
from hiervox.utils.errors import DependencyError, TextError
from hiervox.utils.logging import get_logger

HEARD = 8
"""Prompts whose text is kept."""

_log = get_logger("speech")


def text_beside(name: str) -> str | None:
    """What a `.txt` file says that is called as a recording; None where there is none.

    Raises:
        TextError: it can't be read.
    """
    transcript = Path(name).with_suffix(".txt")
    if not transcript.is_file():
        return None
    try:
        return transcript.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"can't read {transcript} ({error})", "save it as UTF-8") from error


class PromptRecognizer:
    """Recognises what prompts say by Whisper, each prompt once."""

    def __init__(self) -> None:
        self._recognizer = lru_cache(maxsize=2)(_recognizer)
        self._heard = lru_cache(maxsize=HEARD)(self._transcribe)

    def text(self, recording: Waveform, language: str) -> str:
        """The text of a prompt.

        Args:
            recording: (T,) at 16 kHz.
            language: espeak's name.

        Raises:
            DependencyError: Whisper is not installed.
            TextError: no word is heard.
        """
        heard = self._heard(recording.tobytes(), whisper_code(language))
        if not any(character.isalnum() for character in heard):
            raise TextError("no word is heard in the prompt", "set prompt_text to what it says")
        return heard

    def _transcribe(self, samples: bytes, code: str) -> str:
        import numpy as np

        try:
            heard = self._recognizer(code).transcribe(np.frombuffer(samples, np.float32))
        except DependencyError as error:
            raise DependencyError(
                f"the model has to know what its prompt says, and {error.problem}",
                f"set prompt_text, or write it into a .txt file beside the recording; or {error.hint}",
            ) from error
        _log.info("the prompt says: %s", heard)
        return heard


def _recognizer(code: str) -> Recognizer:
    return Recognizer(OFFLINE_WHISPER if code == "en" else OFFLINE_WHISPER_BASE, code)
