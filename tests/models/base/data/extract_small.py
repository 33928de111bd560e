"""`hiervox extract` in blocks of three cuts with the semantic vectors of `FrameEnergies`, as a program."""

from __future__ import annotations

from hiervox.bins.app import main
from hiervox.models.base.data import extraction
from hiervox.processors import semantic
from tests.models.base.conftest import build

if __name__ == "__main__":
    extraction.BLOCK_CUTS = 3
    semantic.build_semantic_extractor = build  # type: ignore[assignment]
    main()
