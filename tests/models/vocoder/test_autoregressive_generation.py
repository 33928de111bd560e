"""Tests of the loop that draws samples one by one, with both networks that use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from hiervox.models.vocoder.wavenet.network import WaveNetSizes, WaveNetVocoder
from hiervox.models.vocoder.wavernn.network import WaveRNN, WaveRNNSizes
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator, Folding, crossfade, fold

MELS = 3


def wavernn(output: str) -> WaveRNN:
    sizes = {"channels": 8, "linear_channels": 8, "residual_channels": 4, "n_blocks": 1, "bits": 4}
    network = WaveRNN(
        WaveRNNSizes(
            in_channels=MELS, rates=(2, 3), auxiliary_channels=8, output=output, components=2, **sizes
        )
    )
    return network


def wavenet(output: str) -> WaveNetVocoder:
    sizes = {"n_layers": 4, "n_stacks": 2, "channels": 4, "gate_channels": 8, "skip_channels": 4, "bits": 4}
    return WaveNetVocoder(
        WaveNetSizes(in_channels=MELS, rates=(2, 3), output=output, components=2, least_log_scale=-3, **sizes)
    )


NETWORKS: dict[str, Callable[[], AutoregressiveGenerator]] = {
    "wavernn_logistics": lambda: wavernn("logistics"),
    "wavernn_mu_law": lambda: wavernn("mu_law"),
    "wavenet_logistics": lambda: wavenet("logistics"),
    "wavenet_gaussian": lambda: wavenet("gaussian"),
    "wavenet_mu_law": lambda: wavenet("mu_law"),
}


@pytest.fixture(params=sorted(NETWORKS))
def network(request: pytest.FixtureRequest) -> AutoregressiveGenerator:
    torch.manual_seed(0)
    return NETWORKS[request.param]().eval()


@torch.no_grad()
def test_steps_give_what_teacher_forcing_gives(network: AutoregressiveGenerator) -> None:
    mel = torch.randn(2, MELS, 5)
    conditions = network.conditions(mel)
    state, symbols = network.initial_state(2)
    drawn, parameters = [symbols], []
    draws = network.source_signal(mel).permute(2, 0, 1)
    for place in range(len(draws)):
        given, state = network.step(drawn[-1], tuple(c[place] for c in conditions), state)
        parameters.append(given)
        drawn.append(network.distribution.sample(given, draws[place]))
    edge = network.context_frames
    mode = "replicate" if isinstance(network, WaveNetVocoder) else "constant"
    padded = torch.nn.functional.pad(mel, (edge, edge), mode=mode)
    whole = network.teacher_forced(torch.stack(drawn[:-1], dim=1), padded)
    torch.testing.assert_close(torch.stack(parameters, dim=1), whole, atol=1e-5, rtol=1e-4)


def test_chunks_join_to_the_whole(network: AutoregressiveGenerator) -> None:
    mel = torch.randn(1, MELS, 7)
    source = network.source_signal(mel)
    whole = network(mel, source)
    chunks = list(network.stream(mel, source, 3))
    assert whole.shape == (1, 1, 7 * network.hop_length)
    assert [chunk.shape[2] for chunk in chunks] == [18, 18, 6]
    assert torch.equal(torch.cat(chunks, dim=2), whole)
    assert whole.abs().max() <= 1


def test_a_single_fold_is_the_whole_and_more_keep_the_length(network: AutoregressiveGenerator) -> None:
    mel = torch.randn(1, MELS, 7)
    source = network.source_signal(mel)
    whole = network(mel, source)
    torch.testing.assert_close(network.folded(mel, source, Folding(100, 4)), whole)
    assert network.folded(mel, source, Folding(10, 4)).shape == whole.shape


def test_likelihood_trains_every_parameter(network: AutoregressiveGenerator) -> None:
    network.train()
    mel = torch.randn(2, MELS, 4 + 2 * network.context_frames)
    symbols = network.distribution.encode(torch.rand(2, 4 * network.hop_length + 1) - 0.5)
    parameters = network.teacher_forced(symbols[:, :-1], mel)
    network.distribution.negative_log_likelihood(parameters, symbols[:, 1:]).mean().backward()
    lacking = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    # The last layer's way on leads nowhere, as published.
    assert all(name.startswith("layers.3.output.") for name in lacking)


def test_a_draw_follows_the_likelihood(network: AutoregressiveGenerator) -> None:
    distribution = network.distribution
    parameters = 0.5 * torch.randn(1, distribution.parameters).expand(20_000, -1)
    uniforms = torch.rand(20_000, distribution.draws)
    drawn = distribution.sample(parameters, uniforms)
    decoded = distribution.decode(drawn)
    assert decoded.abs().max() <= 1
    if drawn.is_floating_point():
        return
    shares = torch.bincount(drawn, minlength=distribution.parameters) / len(drawn)
    torch.testing.assert_close(shares, parameters[0].softmax(dim=0), atol=0.02, rtol=0)


def test_classes_and_values_go_round() -> None:
    distribution = wavernn("mu_law").distribution
    classes = torch.arange(16)
    assert torch.equal(distribution.encode(distribution.decode(classes)), classes)


def test_crossfade_undoes_a_fold_of_equal_pieces() -> None:
    signal = torch.randn(50, 1, 1)
    pieces = fold(signal, Folding(10, 4))[..., 0].T
    joined = crossfade(pieces, 4)[:50]
    inside = torch.ones(50, dtype=torch.bool)
    for start in range(14, 50, 14):  # where pieces overlap, gains add up in power, not in amplitude
        inside[start : start + 4] = False
    assert torch.equal(joined[inside], signal[inside, 0, 0])
