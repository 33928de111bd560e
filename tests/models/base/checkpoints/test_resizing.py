from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.checkpoints.resizing import TABLES, grow_symbols
from hiervox.models.base.training.loop import TrainingLoop
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.tasks.text_to_vec import TextToVecTask
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.processors.text import SYMBOLS
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config

OLD = ("_", "a", "'", "b", "'")


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def tables(rows: int = len(OLD)) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    embedding, classifier = (torch.randn(rows, 8, generator=generator) for _ in TABLES)
    return {TABLES[0]: embedding, TABLES[1]: classifier.unsqueeze(2), "other": torch.ones(3)}


def test_rows_follow_their_symbols() -> None:
    """Whatever the order; of a symbol that stands twice, the last place is the one in use."""
    old = tables()
    new = ("_", "ø", "b", "'", "a", "ʩ")
    grown = grow_symbols(old, OLD, new, len(new), torch.Generator().manual_seed(1))
    for name in TABLES:
        assert grown[name].shape == (6, *old[name].shape[1:])
        for symbol, row in (("_", 0), ("b", 3), ("'", 4), ("a", 1)):
            assert torch.equal(grown[name][new.index(symbol)], old[name][row])
    assert grown["other"] is old["other"]


def test_new_rows_are_near_the_mean_and_differ() -> None:
    old = {name: tensor for name, tensor in tables(500).items() if name in TABLES}
    symbols = tuple("_" + "".join(map(chr, range(0x4E00, 0x4E00 + 499))))
    grown = grow_symbols(old, symbols, (*symbols, "ø", "ʩ"), 503)
    for name in TABLES:
        first, second, spare = grown[name][500:]
        mean, deviation = old[name].mean(0), old[name].std(0)
        for row in (first, second, spare):
            assert ((row - mean).abs() < 0.6 * deviation).all()
        assert not torch.equal(first, second)


def test_a_new_symbol_takes_no_spare_row_over() -> None:
    old = tables(7)
    grown = grow_symbols(old, OLD, (*OLD, "ø"), 7)
    assert torch.equal(grown[TABLES[0]][:5], old[TABLES[0]][:5])
    assert not torch.equal(grown[TABLES[0]][5], old[TABLES[0]][5])


def test_no_symbol_is_lost() -> None:
    with pytest.raises(ConfigError, match="lacks b, which the checkpoint"):
        grow_symbols(tables(), OLD, ("_", "a", "'", "'"), 4)


def experiment(out_dir: Path, **sections: Any) -> TextToVecExperiment:
    tree = {
        "system": "hierspeechpp",
        "part": "text_to_vec",
        "out_dir": out_dir,
        "data": {"cuts": "unused"},
        "model": tiny_config().model_dump(),
    }
    model = {**tree["model"], **sections.pop("model", {})}  # type: ignore[dict-item]
    return TextToVecExperiment.model_validate({**tree, "model": model, **sections})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An English model."""
    folder = tmp_path_factory.mktemp("english")
    torch.manual_seed(0)
    english = experiment(folder)
    save_weights(folder, TextToVec(english.model).state_dict(), english.model_dump(mode="json"))
    return folder


def start(checkpoint: Path, config: TextToVecExperiment) -> dict[str, torch.Tensor]:
    loop = TrainingLoop(TextToVecTask(config), "cpu")
    loop.initialise_from(checkpoint)
    return loop.engine.bare("main").state_dict()


NASAL = {"languages": ["en-us", "fr"], "symbols": (*SYMBOLS, "\u0303")}


def test_fine_tuning_starts_from_all_that_the_model_knows(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    given = load_file(checkpoint / "model.safetensors")
    grown = start(checkpoint, experiment(tmp_path, text=NASAL, model={"n_symbols": 179}))
    for name, tensor in given.items():
        rows = slice(178) if name in TABLES else slice(None)
        assert torch.equal(grown[name][rows], tensor), name
    assert grown[TABLES[0]].shape[0] == grown[TABLES[1]].shape[0] == 179
    again = start(checkpoint, experiment(tmp_path, text=NASAL, model={"n_symbols": 179}))
    assert all(torch.equal(tensor, again[name]) for name, tensor in grown.items())


def test_a_new_language_without_new_symbols_changes_no_weight(checkpoint: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    both = start(checkpoint, experiment(tmp_path, text={"languages": ["en-us", "de"]}))
    given = load_file(checkpoint / "model.safetensors")
    assert all(torch.equal(tensor, both[name]) for name, tensor in given.items())


def test_rows_that_have_to_learn_are_not_frozen(checkpoint: Path, tmp_path: Path) -> None:
    frozen = {"freeze": ["flow", "text_encoder"]}
    config = experiment(tmp_path, text=NASAL, model={"n_symbols": 179}, train=frozen)
    with pytest.raises(ConfigError, match=r"train\.freeze holds text_encoder"):
        start(checkpoint, config)
    start(checkpoint, experiment(tmp_path, train=frozen))


def test_a_table_without_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"n_symbols is 178, under the 179 symbols"):
        experiment(tmp_path, text=NASAL)
