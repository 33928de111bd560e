from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from hiervox.processors.semantic import SemanticConfig, SemanticExtractor, require_same_features
from hiervox.processors.semantic.bottleneck import NarrowedExtractor, PhoneticBottleneck, load_bottleneck
from hiervox.utils.errors import CheckpointError, ConfigError


class Ramp(SemanticExtractor):
    """Each frame's mean level in every channel."""

    def __init__(self, channels: int) -> None:
        super().__init__(SemanticConfig(family="whisper", name="any"), channels, torch.device("cpu"))

    def _extract(self, wav: Tensor) -> Tensor:
        return wav.unflatten(1, (-1, 320)).abs().mean(2).unsqueeze(1).expand(-1, self.channels, -1)


def saved(path: Path, in_channels: int = 6) -> PhoneticBottleneck:
    torch.manual_seed(0)
    network = PhoneticBottleneck(in_channels, 8, 3)
    network.std.fill_(2)
    save_file({name: tensor.half() for name, tensor in network.state_dict().items()}, path)
    return network


def test_a_file_brings_its_sizes_with_it(tmp_path: Path) -> None:
    network = saved(tmp_path / "own.safetensors")
    loaded = load_bottleneck(str(tmp_path / "own.safetensors"))
    assert (loaded.in_channels, loaded.out_channels) == (6, 3)
    features = torch.randn(2, 6, 9)
    torch.testing.assert_close(loaded(features), network(features), atol=2e-3, rtol=0)
    assert loaded(100 * features).abs().max() <= 1


def test_padding_changes_nothing() -> None:
    network = PhoneticBottleneck(6, 8, 3)
    network.mean.fill_(1)
    features = torch.randn(1, 6, 9)
    padded = torch.cat([features, torch.randn(1, 6, 5)], dim=2)
    mask = (torch.arange(14) < 9).float().view(1, 1, -1)
    narrowed = network(padded, mask)
    torch.testing.assert_close(narrowed[:, :, :9], network(features))
    assert (narrowed[:, :, 9:] == 0).all()


def test_an_extractor_is_narrowed(tmp_path: Path) -> None:
    saved(tmp_path / "own.safetensors")
    extractor = NarrowedExtractor(Ramp(6), str(tmp_path / "own.safetensors"))
    assert extractor.channels == 3
    wav = torch.rand(2, 320 * 4)
    assert torch.equal(
        extractor.extract(wav),
        load_bottleneck(str(tmp_path / "own.safetensors"))(Ramp(6).extract(wav)),
    )


def test_the_shipped_one_is_for_whisper_tiny() -> None:
    network = load_bottleneck("whisper_tiny_en")
    assert (network.in_channels, network.out_channels) == (384, 64)


def test_what_is_no_bottleneck_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no bottleneck nowhere: name .* whisper_tiny_en"):
        load_bottleneck("nowhere")
    (tmp_path / "text.safetensors").write_text("no")
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    for name in ("text", "other"):
        with pytest.raises(CheckpointError, match=f"{name}.safetensors holds no bottleneck"):
            load_bottleneck(str(tmp_path / f"{name}.safetensors"))
    saved(tmp_path / "own.safetensors")
    with pytest.raises(ConfigError, match="for 6 channels, not 5"):
        NarrowedExtractor(Ramp(5), str(tmp_path / "own.safetensors"))


def test_networks_and_features_have_to_agree_on_it() -> None:
    plain = SemanticConfig(family="whisper", name="any")
    narrow = plain.model_copy(update={"bottleneck": "whisper_tiny_en"})
    with pytest.raises(ConfigError, match="bottleneck"):
        require_same_features(plain, narrow, "here")
    copy = plain.model_copy(update={"bottleneck": "/data/whisper_tiny_en.safetensors"})
    require_same_features(narrow, copy, "here")


def test_blocks_are_told_by_the_file_and_leave_padding_out(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = PhoneticBottleneck(6, 8, 3, n_blocks=2)
    with torch.no_grad():
        for block in network.blocks:
            torch.nn.init.ones_(block.scale)  # type: ignore[arg-type]
    save_file(
        {name: tensor.half() for name, tensor in network.state_dict().items()}, tmp_path / "own.safetensors"
    )
    loaded = load_bottleneck(str(tmp_path / "own.safetensors"))
    assert len(loaded.blocks) == 2
    features = torch.randn(1, 6, 30)
    torch.testing.assert_close(loaded(features), network(features), atol=5e-3, rtol=0)
    padded = torch.cat([features, torch.randn(1, 6, 5)], dim=2)
    mask = (torch.arange(35) < 30).float().view(1, 1, -1)
    torch.testing.assert_close(network(padded, mask)[:, :, :30], network(features))
    changed = features.clone()
    changed[..., 15] += 1
    seen = (network(changed) != network(features)).any(dim=1)[0].nonzero().flatten()
    assert (int(seen[0]), int(seen[-1])) == (15 - 9, 15 + 9)  # 2 + 2 · 3 + 1 frames on either side
