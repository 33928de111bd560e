"""English: numbers, dates and abbreviations in words, and the published model's cleaning."""

from __future__ import annotations

from hiervox.processors.text.cleaners import clean_english
from hiervox.processors.text.languages import Language
from hiervox.processors.text.normalization import normalize_english

LANGUAGE = Language("en", normalize=normalize_english, clean=clean_english)
