"""Golden outputs of Amphion's text to audio: autoencoder, its losses, U-Net and sampling."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.tta._latent.autoencoder import MelAutoencoder, MelAutoencoderSizes
from hiervox.models.tta._latent.diffusion import LatentDiffusion, LatentDiffusionSizes
from hiervox.models.tta._latent.patches import PatchDiscriminator, PatchDiscriminatorSizes
from hiervox.models.tta._latent.tasks import PATCHES, adaptive_weight, likelihood_loss
from hiervox.models.tta._latent.unet import Condition
from hiervox.models.tta.audioldm.published import import_autoencoder, import_diffusion
from hiervox.modules.diffusion.samplers import sample, timesteps
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.losses.adversarial import discriminator_terms, generator_loss
from tests.golden import Case, Golden, Output, with_weights


def autoencoder(golden: Golden) -> Iterator[Output]:
    """The Gaussian, a sample of it, and what is decoded from that."""
    weights = golden.state_dict()
    own = {name: weights[name] for name in weights if name.startswith(("autoencoderkl.", "loss.logvar"))}
    sections, tensors = import_autoencoder(own, {})
    sizes = sections["model"]
    assert isinstance(sizes, MelAutoencoderSizes)
    network: MelAutoencoder = with_weights(MelAutoencoder(sizes), tensors)
    posterior = network.encode(golden["mel"])
    yield "mean", posterior.mean
    yield "logvar", posterior.log_variance
    yield "kl", posterior.kl()
    latent = posterior.sample(golden["latent_noise"])
    yield "latent", latent
    yield "reconstruction", network.decode(latent)
    yield from _losses(golden, network, weights)
    yield "sample_mel", network.decode(golden["sample_latent"])


@torch.enable_grad()
def _losses(golden: Golden, network: MelAutoencoder, weights: dict[str, Tensor]) -> Iterator[Output]:
    """Of the autoencoder and of the discriminator, before it takes part and after."""
    judge = DiscriminatorEnsemble({PATCHES: PatchDiscriminator(PatchDiscriminatorSizes())})
    judge.load_state_dict(_judge_weights(weights), strict=False)
    judge.to(golden["mel"].device).train()
    real = golden["mel"]
    posterior = network.encode(real)
    made = network.decode(posterior.sample(golden["latent_noise"]))
    likelihood = likelihood_loss(made, real, network.log_scale)
    adversarial = generator_loss(judge(made), "hinge")
    weight = 0.5 * adaptive_weight(likelihood, adversarial, network.decoder.output.weight)
    kl = posterior.kl().mean()
    early = likelihood + 1e-8 * kl
    losses = {"1000": early, "60000": early + weight * adversarial}
    for step, loss in losses.items():
        turn = f"turn_0_step_{step}"
        yield f"rec_loss_{turn}", (made - real).abs().mean().detach()
        yield f"nll_loss_{turn}", likelihood.detach()
        yield f"kl_loss_{turn}", kl.detach()
        yield f"g_loss_{turn}", adversarial.detach()
        yield f"d_weight_{turn}", weight
        yield f"loss_{turn}", loss.detach()
        gradients = torch.autograd.grad(loss, list(network.decoder.parameters()), retain_graph=True)
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        yield f"grad_norm_decoder_step_{step}", norm
        turn = f"turn_1_step_{step}"
        for name, mel in (("real", real), ("fake", made)):
            yield f"logits_{name}_{turn}", judge(mel)[0].logits.mean().detach()
    terms = discriminator_terms(judge, real, made, "hinge")
    yield "d_loss_turn_1_step_60000", 0.5 * terms["discriminator"].detach()


def _judge_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of a published discriminator, whose layers are a convolution, a norm and a rectifier each."""
    found = {}
    for name, tensor in weights.items():
        match = re.fullmatch(r"loss\.discriminator\.main\.(\d+)\.(.+)", name)
        if match:
            number = int(match[1])
            layer, part = divmod(number - 2, 3)
            place = {0: "input", 11: "last"}.get(number, f"layers.{layer}.{part}")
            found[f"members.{PATCHES}.{place}.{match[2]}"] = tensor
    return found


def diffusion(golden: Golden) -> Iterator[Output]:
    """Noise and its prediction, and PNDM with guidance."""
    sections, tensors = import_diffusion(golden.state_dict(), {"latent_bins": 10})
    sizes = sections["model"]
    assert isinstance(sizes, LatentDiffusionSizes)
    network: LatentDiffusion = with_weights(LatentDiffusion(sizes), tensors)
    steps, noise = golden["steps"], golden["noise"]
    noisy = network.noised(golden["latent"], steps, noise)
    yield "noisy", noisy
    predicted = network.predict(noisy, steps, Condition(golden["text"]))
    yield "noise_predicted", predicted
    yield "loss_diffusion", functional.mse_loss(predicted, network.target(golden["latent"], steps, noise))
    text, empty = Condition(golden["text"][:1]), Condition(golden["empty_text"])
    start = golden["sample_start"]
    made = network.generate(text, empty, lambda draw: start, 6, solver="plms", guidance=4.0)
    yield "sample_latent", made
    asked: list[int] = []
    seen: list[Tensor] = []

    def predict(given: Tensor, step: int) -> Tensor:
        asked.append(step)
        seen.append(given)
        numbers = torch.full((1,), step, device=given.device)
        both = [network.predict(given, numbers, condition) for condition in (empty, text)]
        return both[0] + 4.0 * (both[1] - both[0])

    sample("plms", predict, start, lambda draw: start, network.schedule, 6, offset=1, clip=False)
    yield "sample_1", seen[1]
    yield "sample_timesteps", torch.tensor(asked)
    assert timesteps(6, 1000, 1) == sorted(set(asked), reverse=True)


CASES: dict[str, Case] = {"audioldm": lambda golden: [*autoencoder(golden), *diffusion(golden)]}
