"""The figures of the tables."""

from __future__ import annotations

FIGURES = {  # of `hiervox evaluate`: column, factor, digits
    "wer_corpus": ("WER (%) ↓", 100, 1),
    "cer_corpus": ("CER (%) ↓", 100, 1),
    "sim": ("SIM ↑", 1, 3),
    "f0_pearson": ("FPC ↑", 1, 3),
    "dnsmos_ovrl": ("DNSMOS ↑", 1, 2),
}
