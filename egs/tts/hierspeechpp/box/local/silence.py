"""Keep the semantic vectors of silence beside a bundle's synthesizer.

With `model.noise_floor`, what a voice makes of them is subtracted from what it says. Once they are kept, text
to speech needs no semantic encoder for that.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import save_file

from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.tts.hierspeechpp.lite.parts import SILENCE, SILENCE_NAME, LiteNetworks, silent_vectors
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER
from hiervox.utils.files import replacing_file


def main() -> None:
    """Parse, extract, save in half precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    bundle = parser.parse_args().bundle
    vectors = silent_vectors(LiteNetworks.load(bundle).semantic_extractor)[0]
    with replacing_file(part_checkpoint(bundle, SYNTHESIZER) / SILENCE_NAME) as temporary:
        save_file({SILENCE: vectors.half().contiguous()}, temporary)


if __name__ == "__main__":
    main()
