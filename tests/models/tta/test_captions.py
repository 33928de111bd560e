"""Tests of `hiervox.models.tta._latent.captions`; pretrained encoders with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hiervox.models.tta._latent.captions import (
    ClassEncoder,
    ClassEncoderSizes,
    PretrainedCaptions,
    WordEncoder,
    WordEncoderSizes,
    build_pretrained,
)
from hiervox.models.tta._latent.unet import Condition
from hiervox.utils.errors import DependencyError

CPU = torch.device("cpu")
VOCABULARY = ["<pad>", "</s>", "<unk>", "rain", "bell", "a"]


def _save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(
        models.WordLevel({word: row for row, word in enumerate(VOCABULARY)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)


def test_t5_gives_tokens(tmp_path: Path) -> None:
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    config = T5Config(vocab_size=6, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    T5EncoderModel(config).save_pretrained(tmp_path)
    _save_tokenizer(tmp_path)
    encoder = build_pretrained(PretrainedCaptions(kind="t5", name=str(tmp_path), channels=8))
    found = encoder.encode(["a bell", "rain"], CPU)
    assert found.tokens is not None and found.tokens.shape == (2, 2, 8)
    assert found.mask is None and found.vector is None
    alone = encoder.encode(["rain"], CPU).tokens
    assert alone is not None
    torch.testing.assert_close(found.tokens[1, :1], alone[0])


@pytest.mark.parametrize("doubled", [False, True])
def test_clap_gives_a_vector_or_a_token(tmp_path: Path, doubled: bool) -> None:
    from transformers import ClapTextConfig, ClapTextModelWithProjection

    config = ClapTextConfig(
        vocab_size=6,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        projection_dim=6,
        max_position_embeddings=16,
        pad_token_id=0,
    )
    ClapTextModelWithProjection(config).save_pretrained(tmp_path)
    _save_tokenizer(tmp_path)
    sizes = PretrainedCaptions(kind="clap", name=str(tmp_path), channels=6, doubled=doubled)
    tokens, _, vector = build_pretrained(sizes).encode(["a bell", "rain"], CPU)
    if doubled:
        assert tokens is not None and vector is None and tokens.shape == (2, 1, 12)
        assert torch.equal(tokens[..., ::2], tokens[..., 1::2])
        assert sizes.widths.tokens == 12
    else:
        assert vector is not None and tokens is None
        torch.testing.assert_close(vector.norm(dim=1), torch.ones(2))


def test_missing_weights_are_a_line(tmp_path: Path) -> None:
    tmp_path.joinpath("config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DependencyError, match="can't load"):
        build_pretrained(PretrainedCaptions(kind="t5", name=str(tmp_path), channels=8))


def test_words_are_read_alike_in_any_case_and_batch() -> None:
    torch.manual_seed(0)
    encoder = WordEncoder(WordEncoderSizes(n_rows=64, channels=8)).eval()
    both = encoder.encode(["A bell!", "the sound of rain on a roof"], CPU)
    alone = encoder.encode(["a BELL"], CPU)
    assert both.tokens is not None and both.vector is not None and both.mask is not None
    assert alone.tokens is not None and alone.vector is not None
    torch.testing.assert_close(both.tokens[0, both.mask[0]], alone.tokens[0])
    torch.testing.assert_close(both.vector[0], alone.vector[0])
    assert encoder.encode([""], CPU).mask is not None  # there is always something to attend to


def test_classes_are_told_by_name() -> None:
    encoder = ClassEncoder(ClassEncoderSizes(names=("rain", "bell"), n_rows=4, channels=8))
    tokens = encoder.encode(["a Bell and rain", "rain", ""], CPU).tokens
    assert tokens is not None
    assert torch.equal(tokens[0, 0], encoder.table.weight[1])
    assert torch.equal(tokens[1, 0], encoder.table.weight[0])
    assert not tokens[2].any()


def test_a_condition_of_other_length_fills_in() -> None:
    given = Condition(torch.ones(2, 3, 4), torch.ones(2, 3, dtype=torch.bool))
    empty = Condition(torch.zeros(1, 1, 4), torch.ones(1, 1, dtype=torch.bool))
    mixed = given.where(torch.tensor([True, False]), empty)
    assert mixed.tokens is not None and mixed.mask is not None
    assert mixed.tokens[0].all() and not mixed.tokens[1].any()
    assert mixed.mask.tolist() == [[True, True, True], [True, False, False]]
