"""The door to the kernels: what it replaces in networks, and what it leaves."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import nn

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.convolutions.amp_block import ParallelAMPBlocks
from hiervox.modules.convolutions.upsampling import UpsamplingStage
from hiervox.modules.kernels import packed
from hiervox.modules.kernels.channels_last import ChannelsLastBlocks, ChannelsLastConvolution
from hiervox.modules.kernels.fused_activation import FixedFusedActivation, FusedActivation
from hiervox.modules.kernels.packed import PackedConvolution, PackedUpsampling
from hiervox.modules.kernels.prepare import parameter_count, prepare_for_inference, prepare_for_training
from hiervox.modules.kernels.rules import is_plain, keeps_plain_weights, rule_for
from tests.golden import relative_error


class Small(nn.Module):
    """A convolution of one channel, a stage of BigVGAN, and one to one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 32, 7, padding="same")
        self.stage = UpsamplingStage(32, 2, 4, ParallelAMPBlocks(16, (3, 7), (1, 3)))
        self.last = nn.Conv1d(16, 1, 7, padding="same")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.last(self.stage(self.first(x)))
        return y


def small() -> Small:
    torch.manual_seed(0)
    return Small().eval()


@pytest.fixture
def network() -> Small:
    return small()


def kinds_of(network: nn.Module) -> Counter[type]:
    return Counter(type(module) for module in network.modules())


def test_a_prepared_network_holds_the_expected_layers(network: Small) -> None:
    plain, x = small(), torch.randn(1, 1, 400)
    prepare_for_inference(network)
    kinds = kinds_of(network)
    assert kinds[AliasFreeActivation] == kinds[nn.ConvTranspose1d] == 0 and kinds[nn.Conv1d] == 2
    assert kinds[FixedFusedActivation] == 8 and kinds[ChannelsLastBlocks] == 1
    assert kinds[PackedConvolution] == 8 and kinds[PackedUpsampling] == 1
    with torch.inference_mode():
        assert relative_error(network(x), plain(x)) < 5e-5
    assert rule_for(nn.Linear(8, 8)) is not None


def test_preparing_twice_changes_nothing(network: Small) -> None:
    prepare_for_inference(network)
    before = list(network.modules())
    assert prepare_for_inference(network) is network
    after = list(network.modules())
    assert Counter(map(type, before)) == Counter(map(type, after))


def test_training_takes_what_has_gradients_and_keeps_names(network: Small) -> None:
    plain = small()
    prepare_for_training(network)
    kinds = kinds_of(network)
    assert kinds[FusedActivation] == 8 and kinds[AliasFreeActivation] == 0
    assert kinds[PackedConvolution] == kinds[ChannelsLastBlocks] == 0
    assert set(network.state_dict()) == set(plain.state_dict())
    for model in (network, plain):
        model(torch.linspace(-1, 1, 200).view(1, 1, -1)).square().sum().backward()
    for ours, other in zip(network.parameters(), plain.parameters(), strict=True):
        assert ours.grad is not None and other.grad is not None
        assert relative_error(ours.grad, other.grad) < 1e-4


def test_parameters_are_counted_wherever_they_lie(network: Small) -> None:
    names = network.state_dict()
    folded = sum(value.numel() for name, value in names.items() if not name.endswith("original0"))
    prepare_for_inference(network)
    assert parameter_count(network) == folded


def test_a_module_in_two_places_stays_one() -> None:
    layer = nn.Linear(16, 16)
    network = nn.ModuleDict({"one": layer, "other": nn.Sequential(layer)}).eval()
    prepare_for_inference(network)
    assert isinstance(network["one"], PackedConvolution)
    assert network["other"].get_submodule("0") is network["one"]


def test_networks_that_gain_nothing_keep_their_weights() -> None:
    class Kept(Small):
        pass

    keeps_plain_weights(Kept)
    network = Kept().eval()
    assert is_plain(network)
    prepare_for_inference(nn.ModuleList([network]))
    kinds = kinds_of(network)
    assert kinds[nn.Conv1d] > 0 and kinds[PackedConvolution] == 0


def test_without_onednn_layers_take_the_layout_that_they_are_given(
    network: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, x = small(), torch.randn(1, 1, 400)
    monkeypatch.setattr(packed, "_operators", lambda: None)
    prepare_for_inference(network)
    assert kinds_of(network)[ChannelsLastConvolution] == 8
    with torch.inference_mode():
        assert relative_error(network(x), plain(x)) < 1e-5


def test_one_activation_is_replaced_as_a_whole() -> None:
    made = prepare_for_inference(AliasFreeActivation(SnakeBeta(4)).eval())
    assert isinstance(made, FusedActivation) and not made.training
