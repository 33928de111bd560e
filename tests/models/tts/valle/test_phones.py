"""Tests of `hiervox.models.tts.valle.phones`."""

from __future__ import annotations

from pathlib import Path

import pytest

import hiervox
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts.valle.phones import PhoneTable
from hiervox.models.tts.valle.pipeline import ValleSynthesizer
from hiervox.models.tts.valle.published import import_autoregressive
from hiervox.utils.errors import CheckpointError, TextError
from tests.models.codec.encodec.tiny_encodec import tiny_encodec
from tests.models.tts.valle.tiny_valle import tiny_autoregressive, tiny_non_autoregressive

SYMBOLS = [*"!,._", "aɪ", "d", "ð", "ɛ", "h", "l", "oʊ", "ɹ", "t", "ʃ", "tʃ", "ə", "n", "iː", "i"]


def test_the_longest_symbol_is_taken_and_stress_left_out() -> None:
    table = PhoneTable.of(SYMBOLS)
    ids, places = table.look_up("həlˈoʊ, ðˈɛɹ haɪ!")
    names = [table.symbols[number] for number in ids]
    assert names == ["h", "ə", "l", "oʊ", ",", "ð", "ɛ", "ɹ", "_", "h", "aɪ", "!"]
    assert places[3] == 4 and places[-1] == 16
    assert [table.symbols[number] for number in table.look_up("tʃiː")[0]] == ["tʃ", "iː"]
    assert table.symbols[:3] == ("<pad>", "<bos>", "<eos>")
    assert list(table.symbols[3:]) == sorted(SYMBOLS)


def test_sounds_without_a_phone_are_refused_and_marks_left_out() -> None:
    table = PhoneTable.of(SYMBOLS)
    assert table.look_up("haɪ…")[0] == table.look_up("haɪ")[0]
    with pytest.raises(TextError, match="no phone for 'z'"):
        table.look_up("zaɪ")


def test_the_importer_stores_the_table_and_counts_its_rows() -> None:
    state = _published()
    sections, tensors = import_autoregressive(state, {"nhead": 2, "symbols": SYMBOLS})
    assert sections["phones"] == PhoneTable.of(SYMBOLS)
    assert set(tensors) == set(tiny_autoregressive().state_dict())
    with pytest.raises(CheckpointError, match="has 180 rows"):
        import_autoregressive(state, {"nhead": 2, "symbols": [chr(number) for number in range(400, 600)]})


def _published() -> dict[str, object]:
    """Our weights by the published names."""
    backwards = (
        (".attention.query_key_value.", ".self_attn.in_proj_"),
        (".attention.projection.", ".self_attn.out_proj."),
        (".expand.", ".linear1."),
        (".contract.", ".linear2."),
        (".attention_norm.", ".norm1."),
        (".feed_forward_norm.", ".norm2."),
        ("_position.factor", "_position.alpha"),
        ("text_embedding.", "text_embedding.word_embeddings."),
        ("code_embedding.", "code_embedding.word_embeddings."),
    )
    state = {}
    for name, tensor in tiny_autoregressive().state_dict().items():
        for own, theirs in backwards:
            name = name.replace(own, theirs)
        for own, theirs in (("text_", "ar_text_"), ("code_", "ar_audio_"), ("transformer.", "ar_decoder.")):
            name = theirs + name.removeprefix(own) if name.startswith(own) else name
        state["ar_predict_layer.weight" if name == "head.weight" else name] = tensor
    return state


def test_a_model_with_a_table_reads_its_phones(tmp_path: Path) -> None:
    table = PhoneTable.of(SYMBOLS)
    trees = {
        "codec": ("encodec", "encodec", tiny_encodec(), {}),
        "autoregressive": ("valle", "autoregressive", tiny_autoregressive(), {"phones": table.model_dump()}),
        "non_autoregressive": ("valle", "non_autoregressive", tiny_non_autoregressive(), {}),
    }
    for name, (system, part, network, more) in trees.items():
        (tmp_path / name).mkdir()
        tree = {"system": system, "part": part, "model": network.config.model_dump(mode="json"), **more}
        save_weights(tmp_path / name, network.state_dict(), tree)
    pipeline = hiervox.load(tmp_path, "tts", device="cpu")
    assert isinstance(pipeline.synthesizer, ValleSynthesizer)
    (sequence,) = pipeline.read("[[həlˈoʊ ðɛɹ]]!")
    assert [table.symbols[number] for number in sequence.tokens] == [
        *"hə",
        "l",
        "oʊ",
        "_",
        "ð",
        "ɛ",
        "ɹ",
        "!",
    ]
    assert len(sequence.silent) == len(sequence.rates) == len(sequence.tokens)
    assert pipeline.read([sequence]) == [sequence]
