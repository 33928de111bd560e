"""The list of texts and prompts that a run is about, frozen by checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hiervox.evaluation.store import file_checksum
from hiervox.evaluation.table import Utterance
from hiervox.utils.errors import DataError
from hiervox.utils.json_files import read_json

LIST_NAME = "list.json"


def sentence_list(utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Each sentence once, with checksums of its text, prompt and reference, and a checksum of the whole.

    Where systems have different prompts or references of one sentence, each is listed.
    """
    entries = {
        json.dumps(
            {
                "id": row.id,
                "text": hashlib.sha256(row.text.encode()).hexdigest() if row.text else None,
                "prompt": file_checksum(row.prompt) if row.prompt else None,
                "reference": file_checksum(row.reference) if row.reference else None,
            }
        )
        for row in utterances
    }
    lines = sorted(entries)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {"sha256": digest, "sentences": [json.loads(line) for line in lines]}


def check_list(path: Path, utterances: Sequence[Utterance]) -> None:
    """Refuse a table that is not about the sentences of a frozen list.

    Raises:
        DataError: the list can't be read, or a sentence is missing, added or has another text, prompt or
            reference; names the first.
    """
    try:
        frozen = read_json(path)
        expected = {entry["id"]: entry for entry in frozen["sentences"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not a frozen list", f"give the {LIST_NAME} of an evaluation") from error
    found = sentence_list(utterances)
    if found["sha256"] == frozen.get("sha256"):
        return
    for entry in found["sentences"]:
        name = entry["id"]
        if name not in expected:
            raise DataError(
                f"{path} has no sentence {name!r}", "remove it from the table, or choose another list"
            )
        for cell, value in entry.items():
            if value != expected[name].get(cell):
                raise DataError(f"the {cell} of {name!r} is not the one in {path}", "use the frozen one")
    missing = sorted(set(expected) - {entry["id"] for entry in found["sentences"]})
    raise DataError(
        f"the table lacks the sentence {', '.join(missing[:3])!r} of {path}", "add all its sentences"
    )
