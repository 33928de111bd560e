"""ARPAbet, the phonemes of CMU's dictionary and of many aligners, as espeak's American IPA."""

from __future__ import annotations

import re

IPA = {
    "AA": "ɑː",
    "AE": "æ",
    "AH": "ʌ",
    "AO": "ɔː",
    "AW": "aʊ",
    "AY": "aɪ",
    "B": "b",
    "CH": "tʃ",
    "D": "d",
    "DH": "ð",
    "EH": "ɛ",
    "ER": "ɜː",
    "EY": "eɪ",
    "F": "f",
    "G": "ɡ",
    "HH": "h",
    "IH": "ɪ",
    "IY": "iː",
    "JH": "dʒ",
    "K": "k",
    "L": "l",
    "M": "m",
    "N": "n",
    "NG": "ŋ",
    "OW": "oʊ",
    "OY": "ɔɪ",
    "P": "p",
    "R": "ɹ",
    "S": "s",
    "SH": "ʃ",
    "T": "t",
    "TH": "θ",
    "UH": "ʊ",
    "UW": "uː",
    "V": "v",
    "W": "w",
    "Y": "j",
    "Z": "z",
    "ZH": "ʒ",
}
REDUCED = {"AH": "ə", "ER": "ɚ", "IY": "i"}
"""Without stress."""
STRESS = {"1": "ˈ", "2": "ˌ"}
_PHONEME = re.compile(r"([A-Z]{1,2})([012]?)")


def arpabet_to_ipa(phoneme: str) -> str | None:
    """IPA of one phoneme such as `AH0` or `K`, with its stress mark before it; None for anything else."""
    found = _PHONEME.fullmatch(phoneme)
    if found is None or found[1] not in IPA:
        return None
    name, stress = found.groups()
    ipa = REDUCED.get(name, IPA[name]) if stress == "0" else IPA[name]
    return STRESS.get(stress, "") + ipa
