"""Golden features of a recording and of texts."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.processors.pitch import PitchConfig, extract_f0, fit_length
from hiervox.processors.spectrogram import SpectrogramConfig, linear_spectrogram, log_mel
from hiervox.processors.text import SYMBOLS, TextFrontend
from hiervox.utils.errors import DataError
from tests.golden import Case, Golden, Output

RATE = 16_000


def real_audio(golden: Golden) -> Iterator[Output]:
    """Spectrograms and F0 of a recording."""
    wav, config = golden["wav"], SpectrogramConfig()
    yield "linear_spec_magnitude", linear_spectrogram(wav, config)
    yield "log_mel", log_mel(wav, config)
    if "yaapt_f0_hz" in golden:
        track = extract_f0(wav[0].cpu().numpy(), RATE, PitchConfig(), golden.name)
        yield "yaapt_f0_hz", torch.from_numpy(fit_length(track, golden["yaapt_f0_hz"].shape[-1]))


def text(golden: Golden) -> Iterator[Output]:
    """The symbol table, and each sentence's IPA and token ids."""
    document = golden.document
    if not isinstance(document, dict) or not {"symbols", "sentences"} <= document.keys():
        raise DataError(f"{golden.folder / 'text.json'} lacks symbols or sentences", "restore it")
    yield _same("symbols", list(SYMBOLS), document["symbols"])
    frontend = TextFrontend()
    for index, sentence in enumerate(document["sentences"]):
        yield _same(f"ipa of sentence {index}", frontend.phonemes(sentence["text"]), sentence["ipa"])
        yield _same(f"ids of sentence {index}", frontend.tokens(sentence["ipa"]), sentence["ids"])


def _same(label: str, actual: object, golden: object) -> Output:
    return label, torch.tensor(actual == golden), torch.tensor(True)


CASES: dict[str, Case] = {"real_audio": real_audio, "text": text}
