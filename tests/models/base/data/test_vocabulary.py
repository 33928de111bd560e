from __future__ import annotations

import json
from pathlib import Path

import pytest

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.data.corpus import corpus_trees, iterate_corpus
from hiervox.models.base.data.extraction import extract
from hiervox.models.base.data.index import open_index
from hiervox.models.base.data.manifest import iterate_trees, read_cuts, write_cuts
from hiervox.models.base.data.plan import load_plan
from hiervox.models.base.data.pronunciation import require_languages
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.data.vocabulary import (
    TEXT_NAME,
    read_symbols,
    require_symbols,
    survey,
    write_vocabulary,
)
from hiervox.processors.text import SYMBOLS, TextConfig
from hiervox.utils.errors import ConfigError, DataError
from tests.models.base.data.corpora import voice

ROWS = [
    ("Yes.", "en-us", ""),
    ("Un bon vin.", "fr", ""),
    ("Guten Tag.", "de", ""),
    ("Odd.", "en-us", "ˈɒʩ"),
    ("!?", "de", ""),
]


def manifest(folder: Path, rows: list[tuple[str, str, str]] = ROWS) -> Path:
    import soundfile

    lines = []
    for number, (text, language, ipa) in enumerate(rows):
        soundfile.write(folder / f"u{number}.wav", voice(0.6), 16_000)
        row = {"audio": f"u{number}.wav", "text": text, "language": language, "ipa": ipa}
        lines.append(json.dumps(row) + "\n")
    (folder / "table.jsonl").write_text("".join(lines), encoding="utf-8")
    path = folder / "cuts.jsonl.gz"
    write_cuts(iterate_corpus(folder / "table.jsonl"), path)
    return path


def test_a_survey_names_languages_and_symbols_that_are_new(tmp_path: Path) -> None:
    found = survey(iterate_trees(manifest(tmp_path)), TextConfig())
    assert found.languages == {"en-us": 2, "fr-fr": 1, "de": 2}
    assert found.lacking == {"\u0303": 3, "ʩ": 1}
    assert found.unspeakable == 1
    assert found.text.languages == ("en-us", "fr-fr", "de")
    assert found.text.symbols == (*SYMBOLS, "ʩ", "\u0303")
    assert not survey(iterate_trees(tmp_path / "cuts.jsonl.gz"), found.text).lacking


def test_a_corpus_without_text_has_no_vocabulary(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", voice(0.6), 16_000)
    (tmp_path / "t.csv").write_text("audio\na.wav\n")
    with pytest.raises(DataError, match="no text"):
        survey(corpus_trees(tmp_path / "t.csv"), TextConfig())


def test_the_written_vocabulary_is_a_base_of_a_config(tmp_path: Path) -> None:
    import torch

    model = {"n_symbols": 178, "channels": 16, "text_encoder": {"n_heads": 2}}
    tree = {"system": "hierspeechpp", "part": "text_to_vec", "model": model}
    (tmp_path / "base").mkdir()
    save_weights(tmp_path / "base", {"none": torch.zeros(1)}, tree)
    text = TextConfig(languages=("en-us", "fr-fr"), symbols=(*SYMBOLS, "\u0303"))
    write_vocabulary(tmp_path / "conf" / "vocabulary.json5", text, tmp_path / "base", "data")
    mine = tmp_path / "conf" / "mine.json5"
    mine.write_text('{base: "vocabulary.json5", out_dir: "exp", data: {cuts: "data"}}')

    from hiervox.models.base.training.experiment import load_experiment
    from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment

    experiment = load_experiment(mine)
    assert isinstance(experiment, TextToVecExperiment)
    assert (experiment.text, experiment.model.n_symbols) == (text, 179)
    assert (experiment.part, experiment.model.channels) == ("text_to_vec", 16)
    assert load_plan([mine])[1].text == text


def test_a_config_without_text_section_has_none(tmp_path: Path) -> None:
    config = tmp_path / "c.json5"
    config.write_text("{features: {}}")
    assert load_plan([config])[1].text is None
    with pytest.raises(ConfigError, match="did you mean 'languages'"):
        load_plan([config], ["text.langages=['de']"])


def test_tokens_count_the_symbols_of_the_config(tmp_path: Path) -> None:
    cuts = manifest(tmp_path, ROWS[:2])
    text = TextConfig(languages=("en-us", "fr-fr"), symbols=(*SYMBOLS, "\u0303"))
    out = tmp_path / "features"
    extract(cuts, out, {"tokens"}, FeatureSetup(text=text))
    french = read_cuts(out)[1].supervisions[0].custom
    assert french["tokens"].count(len(SYMBOLS)) == 3
    assert len(french["tokens"]) == len(french["ipa"])
    assert read_symbols(out) == text.symbols
    require_symbols(out, text)
    with pytest.raises(ConfigError, match=r"other symbols than text\.symbols .*U\+0303"):
        require_symbols(out, TextConfig())
    with pytest.raises(DataError, match="other symbols"):
        extract(cuts, out, {"tokens"}, FeatureSetup())
    (out / TEXT_NAME).write_text("{}")
    with pytest.raises(DataError, match="can't be read"):
        read_symbols(out)


def test_features_from_before_tables_grew_count_the_published_symbols(tmp_path: Path) -> None:
    assert read_symbols(tmp_path) == SYMBOLS


def test_texts_in_undeclared_languages_are_refused(tmp_path: Path) -> None:
    cuts = manifest(tmp_path, ROWS[:3])
    with pytest.raises(ConfigError, match=r"fr-fr, de \(such as 'u1'\), but text\.languages is en-us"):
        require_languages(open_index(cuts).languages, TextConfig(), "data")
    setup = FeatureSetup(text=TextConfig(languages=("en-us", "fr-fr")))
    with pytest.raises(ConfigError, match=r"texts in de"):
        extract(cuts, tmp_path / "features", {"tokens"}, setup)
    assert not (tmp_path / "features").exists()
    require_languages(open_index(cuts).languages, TextConfig(languages=("de", "fr-fr", "en-us")), "data")
