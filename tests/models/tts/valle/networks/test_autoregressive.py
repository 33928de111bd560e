"""The autoregressive decoder; agreement with published code is a golden case."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.tts.valle.networks.autoregressive import SamplingConfig, Written, causal_mask
from tests.models.tts.valle.tiny_valle import tiny_autoregressive

_GENERATOR = torch.Generator().manual_seed(0)  # other modules draw numbers when they are imported, too
TOKENS, TOKEN_LENGTHS = torch.randint(1, 178, (2, 6), generator=_GENERATOR), torch.tensor([6, 4])
PROMPT, PROMPT_LENGTHS = torch.randint(0, 16, (2, 5), generator=_GENERATOR), torch.tensor([3, 5])


def _write(seed: int = 0, items: Any = slice(None), **options: Any) -> list[Written]:
    sampling = SamplingConfig(frames_per_token=3, **options.pop("sampling", {}))
    sizes = {name: options.pop(name) for name in ("group_size", "chained", "monotonic") if name in options}
    if sizes.get("monotonic"):
        options["first_spoken"] = torch.tensor([3, 2])[items]
    return tiny_autoregressive(**sizes).write(
        TOKENS[items][:, : int(TOKEN_LENGTHS[items].max())],
        TOKEN_LENGTHS[items],
        PROMPT[items][:, : int(PROMPT_LENGTHS[items].max())],
        PROMPT_LENGTHS[items],
        sampling,
        [torch.Generator().manual_seed(seed + n) for n in range(2)][items],
        **options,
    )


def test_text_sees_text_and_codes_see_what_is_before() -> None:
    mask = causal_mask(torch.ones(1, 1, 2).bool(), torch.tensor([[[True, True, False]]]))
    assert mask[0, 0].int().tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
    ]


KINDS = [{}, {"group_size": 2}, {"group_size": 2, "chained": True, "monotonic": True}]


@pytest.mark.parametrize("kind", KINDS)
def test_the_cache_changes_nothing(kind: dict[str, Any]) -> None:
    for cached, whole in zip(_write(**kind), _write(cached=False, **kind), strict=True):
        assert torch.equal(cached.codes, whole.codes) and cached.ended == whole.ended


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_does_not_depend_on_its_batch(kind: dict[str, Any]) -> None:
    both = _write(**kind)
    for item in range(2):
        (alone,) = _write(items=slice(item, item + 1), **kind)
        assert torch.equal(alone.codes, both[item].codes)


def test_a_monotonic_decoder_says_each_token_once_and_ends_with_the_text() -> None:
    ended = 0
    for seed in range(0, 20, 2):
        for written, first, tokens in zip(
            _write(seed, monotonic=True), (3, 2), TOKEN_LENGTHS.tolist(), strict=True
        ):
            assert written.spoken is not None and (written.codes < 16).all()
            places = written.spoken.tolist()
            assert len(places) == len(written.codes) and places == sorted(places)
            assert places[0] == first and places[-1] < tokens - 1
            ended += written.ended
    assert ended


@pytest.mark.parametrize("chained", [False, True])
def test_groups_see_what_is_before_them(chained: bool) -> None:
    decoder, codes = tiny_autoregressive(group_size=2, chained=chained), torch.randint(0, 16, (1, 7))
    lengths = torch.tensor([7])
    logits = decoder(TOKENS[:1], TOKEN_LENGTHS[:1], codes, lengths).codes
    assert logits.shape == (1, 7, 17)
    codes[:, 4] = (codes[:, 4] + 1) % 16  # of the third group, from which the fourth is predicted
    changed = (decoder(TOKENS[:1], TOKEN_LENGTHS[:1], codes, lengths).codes != logits).any(-1)
    assert changed.tolist() == [[False, False, False, chained, True, True, True]]


def test_it_stops_at_the_bound_or_at_the_end() -> None:
    lengths, ends = set(), set()
    for seed in range(0, 40, 2):
        for written, tokens in zip(_write(seed), TOKEN_LENGTHS.tolist(), strict=True):
            assert len(written.codes) <= 3 * tokens + 1
            assert written.ended or len(written.codes) == 3 * tokens + 1
            assert (written.codes < 16).all()
            lengths.add(len(written.codes))
            ends.add(written.ended)
    assert len(lengths) > 2 and ends == {True, False}


def test_greedy_draws_do_not_depend_on_the_seed() -> None:
    first, second = _write(1, sampling={"top_k": 1}), _write(5, sampling={"top_k": 1})
    assert all(torch.equal(one.codes, other.codes) for one, other in zip(first, second, strict=True))


def test_repetition_is_broken() -> None:
    """With a limit of 0, a code that is among the last ones is drawn anew, from all."""
    most = []
    for ratio in (0.0, 1.0):
        greedy = {"top_k": 1, "repetition_window": 8, "repetition_ratio": ratio}
        codes = [code for one in _write(sampling=greedy) for code in one.codes.tolist()]
        most.append(max(codes.count(code) for code in set(codes)))
    assert most[0] < most[1]
