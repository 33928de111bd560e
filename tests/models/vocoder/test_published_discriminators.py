"""Discriminators of published training states, which a fine-tuning starts from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.importing import read_published_state
from hiervox.models.base.registry import get_part
from hiervox.models.base.training.discriminators import build_discriminator
from hiervox.models.vocoder._gan.config import GANVocoderExperiment
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.utils.errors import CheckpointError
from hiervox.utils.registry import resolve

PERIOD = {"type": "multi_period"}
CQT = {"period": PERIOD, "cqt": {"type": "sub_band_cqt", "channels": 128}}
WIDE = {
    "type": "multi_resolution_magnitude",
    "layers": "wide",
    "window": "rectangular",
    "centered": True,
    "resolutions": [[1024, 256, 1024], [2048, 512, 2048], [512, 128, 512]],
}
STATES: dict[str, tuple[str, dict[str, tuple[str, ...]], dict[str, Any] | None]] = {
    "hifigan": ("hifigan", {"mpd": ("hifigan_discriminators",), "msd": ("hifigan_discriminators",)}, None),
    "istftnet": ("istftnet", {"mpd": ("hifigan_discriminators",), "msd": ("hifigan_discriminators",)}, None),
    "apnet": ("apnet", {"mpd": ("hifigan_discriminators",), "msd": ("hifigan_discriminators",)}, None),
    "apnet2": (
        "apnet",
        {"mpd": ("hifigan_discriminators",), "mrd": ("apnet2_mrd",)},
        {"period": PERIOD, "magnitude": WIDE},
    ),
    "bigvgan": ("bigvgan", {"mpd": ("bigvgan_mpd",), "mrd": ("bigvgan_mrd",)}, None),
    "bigvgan v2": ("bigvgan", {"mpd": ("bigvgan_mpd",), "mrd": ("bigvgan_cqtd",)}, CQT),
    "bigvgan, bands": (
        "bigvgan",
        {"mpd": ("bigvgan_mpd",), "mrd": ("bigvgan_mbd",)},
        {"period": PERIOD, "band": {"type": "multi_band"}},
    ),
    "univnet": ("univnet", {"model_d": ("univnet_discriminators",)}, None),
    "melgan": ("melgan", {"": ("melgan_discriminators",)}, None),
    "vocos": ("vocos", {"state_dict": ("vocos_discriminators",)}, None),
}
"""System, the authors' keys → golden files of their tensors, and `discriminators` unless they are default."""


def tensors_of(shared: Path, name: str) -> dict[str, Tensor]:
    """Without values, by the published names."""
    spec = json.loads((shared / "parity" / "official" / f"{name}.spec.json").read_text())
    tensors = {tensor: torch.empty(shape, device="meta") for tensor, shape in spec.items()}
    for tensor, value in list(tensors.items()):
        if tensor.endswith("weight_orig"):  # of spectral norm, whose vectors follow from the weight
            rows = value.flatten(1)
            tensors[tensor.replace("_orig", "_u")], tensors[tensor.replace("_orig", "_v")] = (
                rows[:, 0],
                rows[0],
            )
    return tensors


def of_key(shared: Path, name: str, key: str) -> dict[str, Tensor]:
    """Those of `mpd`, `msd` or `mrd`, whose names the golden files begin so; or all."""
    tensors = tensors_of(shared, name)
    if not key.startswith("m") or key == "model_d":
        return tensors
    return {tensor[4:]: value for tensor, value in tensors.items() if tensor.startswith(f"{key}.")}


def ensemble_of(system: str, discriminators: dict[str, Any] | None) -> DiscriminatorEnsemble:
    """Of a config, on the meta device."""
    sections: dict[str, Any] = {"system": system, "part": system, "out_dir": ".", "data": {"cuts": "."}}
    if discriminators is not None:
        sections["discriminators"] = discriminators
    config = resolve(get_part(system, system).config).model_validate(sections)
    assert isinstance(config, GANVocoderExperiment)
    with torch.device("meta"):
        return DiscriminatorEnsemble(
            {name: build_discriminator(section) for name, section in config.discriminators.items()}
        )


def imported(system: str, state: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """What the card's importer makes of a state."""
    result: dict[str, dict[str, Tensor]] = resolve(str(get_part(system, system).state_importer))(state)
    return result


@pytest.mark.parametrize("case", sorted(STATES))
def test_published_discriminators_are_those_of_a_config(case: str, shared: Path) -> None:
    system, files, discriminators = STATES[case]
    state = {
        key: {name: value for file in names for name, value in of_key(shared, file, key).items()}
        for key, names in files.items()
    }
    tensors = imported(system, state)
    assert set(tensors) == {"discriminator"}
    ensemble_of(system, discriminators).load_state_dict(tensors["discriminator"], assign=True)
    with pytest.raises(CheckpointError, match="training state has no"):
        imported(system, {"other": state.popitem()[1]})


def test_all_networks_of_a_singing_vocoder_share_one_state_dict(shared: Path) -> None:
    """openvpi's has seven periods; the networks of a period are alike."""
    hifigan = tensors_of(shared, "hifigan_discriminators")
    more = {
        name.replace("mpd.discriminators.0.", f"mpd.discriminators.{number}."): value
        for number in (5, 6)
        for name, value in hifigan.items()
        if name.startswith("mpd.discriminators.0.")
    }
    state = {f"discriminator.{name}": value for name, value in {**hifigan, **more}.items()}
    state["generator.conv_pre.bias"] = torch.empty(512, device="meta")
    tensors = imported("nsf_hifigan", {"state_dict": state})
    ensemble_of("nsf_hifigan", None).load_state_dict(tensors["discriminator"], assign=True)


def test_a_file_that_is_one_state_dict_is_read(tmp_path: Path) -> None:
    torch.save({"model.disc_0.weight": torch.ones(2)}, tmp_path / "netD.pt")
    assert torch.equal(read_published_state(tmp_path / "netD.pt")[""]["model.disc_0.weight"], torch.ones(2))
