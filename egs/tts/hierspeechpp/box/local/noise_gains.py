"""Keep the noise floors of a bundle's own voices beside its synthesizer, so that no start computes them."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

from hiervox.models.base.pipelines.bundle import part_checkpoint, prompts_of, voice_of_prompt
from hiervox.models.base.pipelines.voice_store import read_voice
from hiervox.models.tts.hierspeechpp.lite.parts import NOISE_GAINS_NAME, LiteNetworks
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER
from hiervox.utils.files import replacing_file


def main() -> None:
    """Parse, compute, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path, help="whose `voices` are stored")
    bundle = parser.parse_args().bundle
    file = part_checkpoint(bundle, SYNTHESIZER) / NOISE_GAINS_NAME
    file.unlink(missing_ok=True)
    network = LiteNetworks.load(bundle).synthesizer
    if not network.config.noise_floor:
        return
    network.config = network.config.model_copy(update={"noise_floor": 1.0})
    voices = [read_voice(voice_of_prompt(prompt)) for prompt in prompts_of(bundle)]
    styles = torch.stack([voice.tensors[SYNTHESIZER] for voice in voices])
    gains = network.noise_floor(styles)
    assert gains is not None  # its vectors of silence are at hand
    with replacing_file(file) as temporary:
        save_file({"styles": styles[..., 0].contiguous(), "gains": gains[..., 0].contiguous()}, temporary)


if __name__ == "__main__":
    main()
