"""Keep the mean style vector of a corpus's voices beside a synthesizer's weights.

With `model.style_truncation`, a prompt's style is drawn towards it. One recording of each speaker is heard.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from lhotse.cut.data import DataCut
from safetensors.torch import save_file
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.models.tts.hierspeechpp.lite.parts import MEAN_STYLE, MEAN_STYLE_NAME
from hiervox.models.tts.hierspeechpp.lite.recordings import prompt_style
from hiervox.processors.audio import SAMPLE_RATE
from hiervox.utils.files import replacing_file


def first_recordings(cuts: list[DataCut]) -> list[DataCut]:
    """The first cut of each speaker."""
    first: dict[str, DataCut] = {}
    for cut in cuts:
        first.setdefault(cut.supervisions[0].speaker, cut)
    return list(first.values())


@torch.inference_mode()
def mean_style(checkpoint: Path, cuts: list[DataCut]) -> Tensor:
    """The mean style vector (S,) of the recordings by a synthesizer, before any truncation."""
    network, experiment = load_as(checkpoint, "cpu", LiteSynthesizer, LiteSynthesizerExperiment)
    styles = []
    for cut in cuts:
        wav = torch.from_numpy(cut.resample(SAMPLE_RATE).load_audio()[:1].astype(np.float32))
        styles.append(prompt_style(network, wav, network.speaker(wav), experiment)[0, :, 0])
    return torch.stack(styles).mean(0)


def main() -> None:
    """Parse, listen, save in half precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("synthesizer", type=Path, help="its run or checkpoint folder, or that of a bundle")
    parser.add_argument("--cuts", type=Path, required=True, help="recordings with their speakers")
    arguments = parser.parse_args()
    checkpoint = find_checkpoint(arguments.synthesizer)
    style = mean_style(checkpoint, first_recordings(read_cuts(arguments.cuts)))
    with replacing_file(checkpoint / MEAN_STYLE_NAME) as temporary:
        save_file({MEAN_STYLE: style.half().contiguous()}, temporary)


if __name__ == "__main__":
    main()
