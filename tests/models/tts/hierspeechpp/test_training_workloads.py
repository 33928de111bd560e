"""Training passes that the benchmark times."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hiervox.models.base.benchmark.networks import Setting, _difference, time_workload
from hiervox.models.base.benchmark.workload import Size
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.training_workloads import (
    CYTHON_CORE,
    TERMS,
    _clips,
    _prepare_step,
    published_maximum_path,
)
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecConfig

# A search whose path goes down the diagonal and then along the last token, in the Cython of such sources.
CYTHON = """cimport cython
from cython.parallel import prange


@cython.boundscheck(False)
cdef void maximum_path_each(int[:,::1] path, float[:,::1] value, int t_y, int t_x, float least=-1e9) nogil:
  cdef int y
  cdef float unused
  cdef int index = t_x - 1
  for y in range(t_y):
    path[y, min(y, index)] = 1


cpdef void maximum_path_c(int[:,:,::1] paths, float[:,:,::1] values, int[::1] t_ys, int[::1] t_xs) nogil:
  cdef int i
  for i in prange(b, nogil=True):
    maximum_path_each(paths[i], values[i], t_ys[i], t_xs[i])
"""


def test_a_step_trains_and_gives_its_losses() -> None:
    run = _prepare_step(TextToVec(TextToVecConfig()), Size(0.5, batch=2, device="cpu"))
    first, second = run(), run()
    assert first.shape == (len(TERMS),) and torch.isfinite(first).all()
    assert not torch.allclose(first[0], second[0])


def test_clips_are_padded_with_zeros_and_have_frames_for_their_tokens_and_blanks() -> None:
    clips = _clips(Size(4.0, batch=3))
    frames, tokens = clips["frames"], clips["token_lengths"]
    assert frames.tolist() == [200, 197, 194] and (2 * tokens + 1 <= frames).all()
    assert not clips["semantic"][2, :, 194:].any() and clips["semantic"][2, :, 193].any()
    assert not clips["wav"][2, 194 * 320 :].any() and not clips["f0"][2, 194 * 4 :].any()
    assert not clips["tokens"][2, tokens[2] :].any() and clips["tokens"][0].all()


def test_cython_becomes_a_search(tmp_path: Path) -> None:
    core = tmp_path / CYTHON_CORE
    core.parent.mkdir(parents=True)
    core.write_text(CYTHON)
    path = published_maximum_path(tmp_path)(torch.zeros(1, 4, 3), torch.ones(1, 4, 3))
    assert path.argmax(2).tolist() == [[0, 1, 2, 2]] and path.sum() == 4


def test_no_cython_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=r"core\.pyx"):
        published_maximum_path(tmp_path)


def test_beside_other_code_paths_are_compared(tmp_path: Path) -> None:
    core = tmp_path / CYTHON_CORE
    core.parent.mkdir(parents=True)
    core.write_text(CYTHON)
    setting = Setting(Size(1.2), device="cpu", threads=1, repeats=1, warmup=0)
    result = time_workload("hierspeechpp", "alignment_search", setting, tmp_path)
    assert result.difference is not None and result.difference > 1


def test_losses_are_compared_each_by_its_own_size() -> None:
    ours, published = torch.tensor([1000.0, 0.011]), torch.tensor([1000.0, 0.010])
    assert _difference(ours, published, each=True) == pytest.approx(0.1, rel=1e-4)
    assert _difference(ours, published) < 1e-4
