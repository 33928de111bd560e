from __future__ import annotations

import pytest

from hiervox.models.base.checkpoints.pretrained import (
    HubSource,
    Pretrained,
    PretrainedFile,
    get_pretrained,
    pretrained_entries,
)
from hiervox.models.base.registry import get_part
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve

ENTRIES = list(pretrained_entries().values())


def test_what_has_to_be_there_is_there() -> None:
    assert {entry.name for entry in ENTRIES} >= {
        *("hierspeechpp-v1.1", "hierspeechpp-v1", "hierspeechpp-libritts460", "hierspeechpp-libritts960"),
        *("hierspeechpp-ttv-v1", "speechsr24", "speechsr48", "mp-senet", "mms-300m"),
        *("whisper-tiny.en", "whisper-large-v3", "resemblyzer"),
    }


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_entry_says_all_that_a_user_needs(entry: Pretrained) -> None:
    for text in (entry.licences.code, entry.licences.weights, entry.licences.data, entry.summary):
        assert text.strip()
    assert entry.page.startswith("https://")
    assert entry.usage
    assert len({file.name for file in entry.files}) == len(entry.files)
    weights = entry.files[0]
    assert weights.size is not None or weights.about is not None
    assert (entry.system is None) == (entry.part is None)
    if entry.system is not None and entry.part is not None:
        assert resolve(get_part(entry.system, entry.part).importer or "")
        assert entry.published_config is not None or resolve(entry.reader or "")
    if isinstance(entry.source, HubSource):
        owner, slash, name = entry.source.repo.partition("/")
        assert owner and slash and name
        if entry.source.owner == "mirror":
            assert entry.note
    else:
        assert all(file.sha256 is not None for file in entry.files)  # pip has checked the same ones


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'speechsr24'"):
        get_pretrained("speechsr-24")


@pytest.mark.parametrize("sha256", ["ab12", "Z" * 64, "A" * 64])
def test_a_checksum_is_whole(sha256: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        PretrainedFile(path="a", sha256=sha256)


def test_two_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pretrained_entries.cache_clear()
    monkeypatch.setattr(
        "hiervox.models.base.checkpoints.pretrained.SHARED_ENTRIES",
        "hiervox.models.sr.speechsr.pretrained:ENTRIES",
    )
    with pytest.raises(ConfigError, match="two pretrained networks are called 'speechsr24'"):
        pretrained_entries()
    pretrained_entries.cache_clear()
