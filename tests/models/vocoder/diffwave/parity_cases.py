"""Golden outputs of DiffWave."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.models.vocoder.diffwave.network import DiffWave
from hiervox.models.vocoder.diffwave.published import import_diffwave
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import golden_log_mel, mel_of

CONFIG = {
    "n_mels": 80,
    "residual_channels": 64,
    "residual_layers": 30,
    "dilation_cycle_length": 10,
    "noise_schedule": torch.linspace(1e-4, 0.05, 50, dtype=torch.double).tolist(),
    "inference_noise_schedule": [0.0001, 0.001, 0.01, 0.05, 0.2, 0.5],
}


def network(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram, embeddings, noise at single steps, and fast sampling."""
    sections, weights = import_diffwave(golden.state_dict(), CONFIG)
    own: DiffWave = with_weights(DiffWave(sections["model"]), weights)  # type: ignore[arg-type]
    mel = golden["mel"]
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    yield "embedding_table", own.step_embedding.table
    yield "step_embedding", own.step_embedding(torch.tensor([0, 13, 49], device=golden["mel"].device))
    yield "step_embedding_between", own.step_embedding(golden["mel"].new_tensor([0.25, 7.5, 40.75]))
    yield "upsampled_mel", own.upsampler(mel)[..., : golden["upsampled_mel"].shape[-1]]
    for name in golden.names(r"noise_predicted_step_[\d.]+"):
        step = golden["mel"].new_tensor([float(name.rsplit("_", 1)[1])])
        yield name, own.predict_noise(golden["noisy_wav"], step, mel).unsqueeze(1)
    source = torch.cat([golden["start"].unsqueeze(1), golden["step_noise"].transpose(0, 1)], dim=1)
    yield "audio_6_steps", own(mel, source).squeeze(1)


CASES: dict[str, Case] = {"diffwave": network}
