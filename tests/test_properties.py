"""Properties that hold for any config, text, header and option: read, or refused in one short line."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hiervox.bins.app import main
from hiervox.models.base.training.experiment import load_experiment
from hiervox.processors.audio import read_audio, resample
from hiervox.processors.text.frontend import TextFrontend
from hiervox.processors.text.script import read_script
from hiervox.processors.text.symbols import PAD, SYMBOLS
from hiervox.processors.text.typography import collapse_runs, mark_pauses, read_links
from hiervox.utils.errors import HierVoxError

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LONGEST_LINE = 1500


def read_or_refused(read: Callable[[], Any]) -> Any:
    """What is read; None where it is refused in one line."""
    try:
        return read()
    except HierVoxError as error:
        assert "\n" not in str(error) and 0 < len(str(error)) < LONGEST_LINE
        return None


numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**7, 10**9, 2**63]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
EXPERIMENT: dict[str, Any] = {
    "system": "speechsr",
    "part": "speechsr",
    "out_dir": "run",
    "seed": 1,
    "data": {"cuts": "cuts.jsonl.gz", "dev_size": 2},
    "model": {"rate": 24000, "channels": 8, "kernel_sizes": [3], "dilations": [[1, 3]]},
    "train": {"max_steps": 5, "batch_size": 2, "workers": 0, "optimizer": {"betas": [0.8, 0.99]}},
}


KEYS = (
    *("seed", "out_dir", "data.dev_size", "model", "model.channels", "model.kernel_sizes", "train"),
    *("train.batch_size", "train.optimizer.betas", "system", "extra"),
)


@quick
@given(path=st.sampled_from(KEYS), value=values)
def test_any_value_of_a_config_is_taken_or_refused(tmp_path: Path, path: str, value: Any) -> None:
    tree = json.loads(json.dumps(EXPERIMENT))
    *above, last = path.split(".")
    section = tree
    for key in above:
        section = section[key]
    section[last] = value
    file = tmp_path / "config.json5"
    file.write_text(json.dumps(tree), encoding="utf-8", errors="backslashreplace")
    read_or_refused(lambda: load_experiment(file))


@quick
@given(overrides=st.lists(st.text(max_size=30), max_size=3))
def test_any_override_is_taken_or_refused(tmp_path: Path, overrides: list[str]) -> None:
    file = tmp_path / "config.json5"
    file.write_text(json.dumps(EXPERIMENT))
    read_or_refused(lambda: load_experiment(file, overrides))


TOKENS = ["Dr.", "3/4", "$3.50", "[[", "]]", "(", ")", "—", "...", "<break/>", "a.b@c.de", "🙂", "x²"]
texts = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="aZ .,!?-–—()[]<>&;:\"'/\\*_#1230%$€°\n\t\u2028", max_size=200),
    st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join),
)


@pytest.fixture(scope="module")
def frontend() -> TextFrontend:
    return TextFrontend()


@quick
@given(text=texts)
def test_any_text_is_spoken_in_the_models_symbols_or_refused(frontend: TextFrontend, text: str) -> None:
    script = read_or_refused(lambda: read_script(text))
    for utterance in script or ():
        assert utterance.text == " ".join(utterance.text.split())
        ipa = read_or_refused(lambda one=utterance: frontend.phonemes(one.text))
        assert set(ipa or "") <= set(SYMBOLS) - {PAD}


@quick
@given(
    body=texts, tag=st.sampled_from(["p", "s", "prosody rate='2'", "sub alias='x'", "break time='1s'", "b"])
)
def test_any_ssml_is_read_or_refused(body: str, tag: str) -> None:
    read_or_refused(lambda: read_script(f"<speak>{body}<{tag}>{body}</{tag.split()[0]}></speak>"))


@quick
@given(text=texts)
def test_typography_keeps_every_letter(text: str) -> None:
    def letters(of: str) -> list[str]:
        return [char for char in of if char.isalpha()]

    assert letters(mark_pauses(collapse_runs(text))) == letters(text)
    assert collapse_runs(collapse_runs(text)) == collapse_runs(text)
    assert len(read_links(text)) <= len(text)


@quick
@given(
    kind=st.integers(0, 2**16 - 1),
    channels=st.integers(0, 2**16 - 1),
    rate=st.integers(0, 2**32 - 1),
    bits=st.sampled_from([0, 1, 8, 16, 24, 32, 64, 65535]),
    declared=st.integers(0, 2**32 - 1),
    samples=st.integers(0, 400),
)
def test_any_wav_header_is_read_or_refused(
    tmp_path: Path, kind: int, channels: int, rate: int, bits: int, declared: int, samples: int
) -> None:
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, kind % 4, channels, rate, rate, 2, bits)
    data = struct.pack("<4sI", b"data", declared) + bytes(range(200)) * 2
    (tmp_path / "any.wav").write_bytes(
        struct.pack("<4sI4s", b"RIFF", declared, b"WAVE") + layout + data[: 8 + samples]
    )
    found = read_or_refused(lambda: read_audio(tmp_path / "any.wav", 16_000))
    if found is not None:
        assert found[1] == 16_000 and np.isfinite(found[0]).all()


@quick
@given(samples=st.integers(1, 5000), old=st.integers(-10, 500_000), new=st.sampled_from([8000, 16000, 48000]))
def test_any_rate_is_resampled_or_refused(samples: int, old: int, new: int) -> None:
    found = read_or_refused(lambda: resample(np.ones(samples, np.float32), old, new))
    assert (found is None) == (not 1000 <= old <= 384_000)
    assert found is None or found.size == -(-samples * new // old)


VERBS = ("sr", "tts", "enhance", "convert", "f0", "config", "voice", "systems", "models", "sing")
OPTIONS = ("--out", "-o", "--rate", "--model", "--device", "--overwrite", "--help", "--prompt", "--text")
words = st.one_of(st.sampled_from(OPTIONS), st.text(max_size=12), numbers.map(str))


@settings(quick, max_examples=30)
@given(verb=st.sampled_from(VERBS), arguments=st.lists(words, max_size=5))
def test_any_arguments_end_with_0_or_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["hiervox", verb, *(each.replace("\0", "") for each in arguments)])
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("hiervox.models.base.pipelines.bundle.bundle_homes", lambda: ())
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, 2, None)
