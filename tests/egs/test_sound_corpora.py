"""Corpora of text to audio: sounds are made, and a folder that looks like AudioCaps becomes manifests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data.manifest import CUTS_NAME, read_cuts, supervision_of
from hiervox.processors.event_times import parse_events
from hiervox.utils.errors import DataError
from tests.egs.test_recipe_programs import program


def test_sounds_are_where_their_times_say(tmp_path: Path) -> None:
    sounds = program("mini_sounds")
    sounds.prepare(tmp_path, tmp_path / "data", clips=12, test_clips=1)
    cuts = read_cuts(tmp_path / "data" / "train" / CUTS_NAME)
    assert len(cuts) == 12
    for cut in cuts:
        supervision = supervision_of(cut)
        assert supervision is not None and supervision.custom is not None
        events = parse_events(supervision.custom["timing"])
        assert all(sounds.KINDS[name][0] in supervision.custom["caption"] for name in events)
        wav = cut.load_audio()[0]
        heard = np.zeros(len(wav), bool)
        for spans in events.values():
            assert 1 <= len(spans) <= 3 and max(end for _, end in spans) < sounds.SECONDS
            for begin, end in spans:
                heard[round(begin * sounds.SAMPLE_RATE) : round(end * sounds.SAMPLE_RATE)] = True
        assert np.abs(wav[heard]).mean() > 1e-2 and np.abs(wav[~heard]).max() < 1e-3
    assert np.array_equal(sounds.clip(3)[0], sounds.clip(3)[0])


def test_audiocaps_becomes_manifests(tmp_path: Path) -> None:
    audiocaps = program("audiocaps")
    with pytest.raises(DataError, match="AudioCaps is not in"):
        audiocaps.download(tmp_path / "audiocaps")
    for part, names in (("train", ("a", "b")), ("test", ("c",))):
        folder = tmp_path / "audiocaps" / part
        folder.mkdir(parents=True)
        rows = ["audiocap_id,youtube_id,start_time,caption"]
        for name in names:
            soundfile.write(folder / f"Y{name}.wav", np.zeros(1600), 16_000)
            rows += [f"1,{name},30,Rain falls", f"2,{name},30,It rains"]
        rows.append("3,missing,0,A dog barks")
        (tmp_path / "audiocaps" / f"{part}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    audiocaps.prepare(tmp_path, tmp_path / "data")
    cuts = read_cuts(tmp_path / "data" / "train" / CUTS_NAME)
    assert [cut.id for cut in cuts] == ["train_a", "train_b"]
    assert len(read_cuts(tmp_path / "data" / "test" / CUTS_NAME)) == 1
