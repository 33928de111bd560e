"""Golden outputs of SpeechSR, with stand-in weights and with the authors' own checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hiervox.models.base.checkpoints.importing import read_published
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR
from hiervox.models.sr.speechsr.published import import_speechsr
from hiervox.modules.kernels.prepare import prepare_for_inference
from hiervox.utils.errors import CheckpointError
from tests.golden import SHARED, Case, Golden, Output, with_weights

RATES = {"speechsr24": 24_000, "speechsr48": 48_000}
# What the authors' own config files set; the golden files were made with these.
SIZES = {
    "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
}


def stand_in(golden: Golden) -> Iterator[Output]:
    """The upsampled waveform, with packed weights too."""
    published = {"data": {"sampling_rate": RATES[golden.name]}, "model": SIZES}
    config, weights = import_speechsr(golden.state_dict(), published)
    network: SpeechSR = with_weights(SpeechSR(config), weights)
    yield "audio", network(golden["wav16k"])
    prepare_for_inference(network)
    yield "audio, packed", network(golden["wav16k"]), golden["audio"]


def real_audio(golden: Golden) -> Iterator[Output]:
    """The beginning of a recording through the authors' checkpoints."""
    wav = golden["wav"]
    for name, rate in RATES.items():
        output = f"{name}_audio"
        if output in golden:
            samples = golden.tensors[output].shape[-1] * 16_000 // rate
            yield output, _published(golden.folder, name)(wav[:, None, :samples])


def _published(folder: Path, name: str) -> SpeechSR:
    places = [root / "checkpoints" / "speechsr" for root in (folder.parent, folder.parent.parent, SHARED)]
    configs = [path for place in places if (path := place / f"{name}k_config.json").is_file()]
    weights = [path for place in places for path in sorted(place.glob(f"{name}k_G_*.pth"))]
    if not configs or not weights:
        raise CheckpointError(
            f"no published {name} checkpoint near {folder}", "put checkpoints/speechsr there"
        )
    published = json.loads(configs[0].read_text(encoding="utf-8"))
    config, tensors = import_speechsr(read_published(weights[0]), published)
    network: SpeechSR = with_weights(SpeechSR(config), tensors)
    return network


CASES: dict[str, Case] = {**dict.fromkeys(RATES, stand_in), "real_audio": real_audio}
