"""Agreement with golden files of the published HierSpeech++ code.

`python -m tests.parity FOLDER --salt N` takes any folder of the format that ../shared/parity/README.md
describes, rebuilds the stand-in weights with `fill.py`, runs ours, and prints every tensor's error. Exit
code 1 means that one is over 1e-3 of the golden standard deviation, 2 that the folder can't be used.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_weights
from hiervox.models.base.checkpoints.importing import read_published
from hiervox.models.enhancement.mp_senet.model import MPSENet
from hiervox.models.enhancement.mp_senet.published import import_mp_senet
from hiervox.models.enhancement.mp_senet.spectrum import compressed_spectrum
from hiervox.models.sr.speechsr.model import SpeechSR
from hiervox.models.sr.speechsr.published import import_speechsr
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.published import import_synthesizer
from hiervox.models.tts.hierspeechpp.published_ttv import import_text_to_vec
from hiervox.processors.pitch import PitchConfig, extract_f0, fit_length
from hiervox.processors.spectrogram import SpectrogramConfig, linear_spectrogram, log_mel
from hiervox.processors.text import SYMBOLS, TextFrontend
from hiervox.utils.errors import CheckpointError, DataError, HierVoxError
from tests.golden import TOLERANCE, relative_error

SHARED = Path(__file__).resolve().parents[2] / "shared"
OFFICIAL = SHARED / "parity" / "official"
RATE = 16_000
# What the authors' own config files set; the goldens were made with these.
TEXT_TO_VEC_CONFIG = {"model": {"inter_channels": 256, "hidden_channels": 256}}
SPEECHSR_SIZES = {
    "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
}
MP_SENET_CONFIG = {
    "sampling_rate": RATE,
    "n_fft": 400,
    "win_size": 400,
    "hop_size": 100,
    "compress_factor": 0.3,
    "dense_channel": 64,
    "num_tsconformers": 4,
    "beta": 2.0,
}
SPEECHSR_RATES = {"speechsr24": 24_000, "speechsr48": 48_000}

Errors = Iterator[tuple[str, float]]


class Case:
    """One golden file of a folder.

    Args:
        folder: of golden files.
        name: of the file, without its suffix.
        salt: of the stand-in weights.

    Attributes:
        unused: names of tensors that nothing has asked for or been compared with.
    """

    def __init__(self, folder: Path, name: str, salt: int) -> None:
        self.folder = folder
        self.name = name
        self.salt = salt
        self.unused: set[str] = set()

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Inputs and golden outputs."""
        tensors = load_weights(self.folder / f"{self.name}.safetensors")
        self.unused = set(tensors)
        return tensors

    def __getitem__(self, key: str) -> Tensor:
        if key not in self.tensors:
            raise DataError(f"{self.name}.safetensors in {self.folder} has no {key}", "restore the file")
        tensor = self.tensors[key]
        self.unused.discard(key)
        return tensor

    def weights(self) -> dict[str, Tensor]:
        """The published state dict with stand-in values."""
        spec = _first_file([self.folder, self.folder.parent, OFFICIAL], f"{self.name}.spec.json")
        fill = _first_file([self.folder, self.folder.parent, SHARED / "parity"], "fill.py")
        module_spec = importlib.util.spec_from_file_location("parity_fill", fill)
        assert module_spec is not None and module_spec.loader is not None
        module = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(module)
        arrays = module.state_dict(_read_json(spec), self.salt)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def errors(self, outputs: dict[str, Tensor]) -> Errors:
        """The error of each output that has a golden tensor of its name."""
        for name, output in outputs.items():
            if name in self.tensors:
                self.unused.discard(name)
                yield name, relative_error(output, self.tensors[name])

    def denoise_ratios(self, prefix: str) -> list[str]:
        """What stands behind `prefix` in tensor names, such as `0.8`."""
        names = (re.fullmatch(rf"{prefix}_denoise_(.+)", name) for name in self.tensors)
        return sorted(match[1] for match in names if match)

    def mixed_style(self, style: Tensor, ratio: float, batch: int) -> Tensor:
        """Styles of the prompts and, behind them, of their denoised twins → (batch, S, 1)."""
        prompts = style
        if style.shape[0] in (2, 2 * batch):
            original, denoised = style.chunk(2)
            prompts = (1 - ratio) * original + ratio * denoised
        if prompts.shape[0] not in (1, batch):
            raise DataError(
                f"{self.name} in {self.folder} has {style.shape[0]} prompts for {batch} items", "restore it"
            )
        return prompts.expand(batch, -1, -1)


def _first_file(folders: list[Path], name: str) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"no {name} in {folders[0]} or beside it", "put it there")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error})", "restore it") from error


def _ready(network: nn.Module, weights: dict[str, Tensor]) -> Any:
    network.load_state_dict(weights)
    return network.eval()


def synthesizer_errors(case: Case) -> Errors:
    """Style, every stage at denoise ratio 0, and the waveform at each ratio."""
    config, weights = import_synthesizer(case.weights(), {})
    network: HierarchicalSynthesizer = _ready(HierarchicalSynthesizer(config), weights)
    semantic, log_f0 = case["w2v"], case["log_f0"]
    batch = semantic.shape[0]
    mask = torch.ones(batch, 1, semantic.shape[-1])
    styles = network.style(case["prompt_mel"])
    style = case.mixed_style(styles, 0.0, batch)

    semantic_mean, semantic_logs = network.agnostic_prior(semantic, log_f0, mask, style)
    after_flow_l = network.agnostic_flow(semantic_mean, mask, style, reverse=True)
    after_flow = network.related_flow(after_flow_l, mask, style, reverse=True)
    source_features, source_f0 = network.source(after_flow, style)
    outputs = {
        "style": styles.squeeze(2),
        "semantic_mean": semantic_mean,
        "semantic_logs": semantic_logs,
        "after_flow_l": after_flow_l,
        "after_flow": after_flow,
        "source_features": source_features,
        "source_f0": source_f0,
        "prosody_mel": network.prosody(after_flow, mask, style),
    }
    if {"linear_spec", "wav"} <= case.tensors.keys():
        spectrum = case["linear_spec"]
        frames = torch.ones(spectrum.shape[0], 1, spectrum.shape[-1])
        outputs["acoustic_mean"], outputs["acoustic_logs"] = network.acoustic_posterior(
            spectrum, case["wav"], frames, case.mixed_style(styles, 0.0, spectrum.shape[0])
        )
    yield from case.errors(outputs)
    for ratio in case.denoise_ratios("audio"):
        wav = network.infer(semantic, log_f0, case.mixed_style(styles, float(ratio), batch), noise_scale=0.0)
        yield from case.errors({f"audio_denoise_{ratio}": wav})


def text_to_vec_errors(case: Case) -> Errors:
    """Style, text encoder, durations, posterior, flow, and what text becomes at each denoise ratio."""
    config, weights = import_text_to_vec(case.weights(), TEXT_TO_VEC_CONFIG)
    network: TextToVec = _ready(TextToVec(config), weights)
    tokens = case["tokens"]
    batch = tokens.shape[0]
    lengths = torch.full((batch,), tokens.shape[1])
    token_mask = torch.ones(batch, 1, tokens.shape[1])
    styles = network.style(case["prompt_mel"])
    style = case.mixed_style(styles, 0.0, batch)

    hidden, prior_mean, prior_logs = network.text_encoder(tokens, token_mask, style)
    outputs = {
        "style": styles.squeeze(2),
        "text_hidden": hidden,
        "prior_mean": prior_mean,
        "prior_logs": prior_logs,
        "log_duration": network.duration_predictor.sample(hidden, token_mask, style, 0.0),
    }
    if "w2v" in case.tensors:
        semantic = case["w2v"]
        mask = torch.ones(semantic.shape[0], 1, semantic.shape[-1])
        style = case.mixed_style(styles, 0.0, semantic.shape[0])
        posterior_mean, posterior_logs = network.posterior_encoder(semantic, mask, style)
        outputs["posterior_mean"], outputs["posterior_logs"] = posterior_mean, posterior_logs
        outputs["flow_of_mean"] = network.flow(posterior_mean, mask, style)
    yield from case.errors(outputs)
    for ratio in case.denoise_ratios("w2v"):
        spoken = network.infer(
            tokens,
            lengths,
            case.mixed_style(styles, float(ratio), batch),
            noise_scale=0.0,
            duration_noise_scale=0.0,
        )
        yield from case.errors(
            {f"w2v_denoise_{ratio}": spoken.semantic, f"log_f0_denoise_{ratio}": spoken.log_f0}
        )


def speechsr_errors(case: Case) -> Errors:
    """The raised waveform."""
    published = {"data": {"sampling_rate": SPEECHSR_RATES[case.name]}, "model": SPEECHSR_SIZES}
    config, weights = import_speechsr(case.weights(), published)
    network: SpeechSR = _ready(SpeechSR(config), weights)
    yield from case.errors({"audio": network(case["wav16k"])})


def mp_senet_errors(case: Case) -> Errors:
    """The spectrum of the noisy waveform, and what the network makes of the golden one."""
    config, weights = import_mp_senet(case.weights(), MP_SENET_CONFIG)
    network: MPSENet = _ready(MPSENet(config), weights)
    noisy = case["noisy_amplitude"]
    if "wav16k" in case.tensors:
        wav = case["wav16k"].view(1, -1)
        amplitude, _ = compressed_spectrum(wav / wav.square().mean().sqrt(), config)
        # Not compressed: that blows the rounding of nearly empty bins up, beyond what another FFT agrees in.
        power = 1 / config.compression
        yield "noisy_amplitude, not compressed", relative_error(amplitude.pow(power), noisy.pow(power))
    amplitude, phase = network(noisy, case["noisy_phase"])
    turns = torch.round((case["phase"] - phase) / (2 * torch.pi))  # π and -π are one angle
    yield from case.errors({"amplitude": amplitude, "phase": phase + 2 * torch.pi * turns})


def real_audio_errors(case: Case) -> Errors:
    """Features of a recording, and its beginning through the authors' own SpeechSR checkpoints."""
    wav = case["wav"]
    config = SpectrogramConfig()
    outputs = {"linear_spec_magnitude": linear_spectrogram(wav, config), "log_mel": log_mel(wav, config)}
    if "yaapt_f0_hz" in case.tensors:
        track = extract_f0(wav[0].numpy(), RATE, PitchConfig(), case.name)
        outputs["yaapt_f0_hz"] = torch.from_numpy(fit_length(track, case["yaapt_f0_hz"].shape[-1]))
    for name, rate in SPEECHSR_RATES.items():
        golden = case.tensors.get(f"{name}_audio")
        if golden is not None:
            network = _published_speechsr(case.folder, name)
            outputs[f"{name}_audio"] = network(wav[:, None, : golden.shape[-1] * RATE // rate])
    yield from case.errors(outputs)


def _published_speechsr(folder: Path, name: str) -> SpeechSR:
    places = [root / "checkpoints" / "speechsr" for root in (folder.parent, folder.parent.parent, SHARED)]
    published = _read_json(_first_file(places, f"{name}k_config.json"))
    weights = next((found for place in places for found in sorted(place.glob(f"{name}k_G_*.pth"))), None)
    if weights is None:
        raise CheckpointError(
            f"no published {name} checkpoint near {folder}", "put checkpoints/speechsr there"
        )
    config, tensors = import_speechsr(read_published(weights), published)
    network: SpeechSR = _ready(SpeechSR(config), tensors)
    return network


def text_errors(folder: Path) -> Errors:
    """0 or infinity: the symbol table, and each sentence's IPA and token ids."""
    golden = _read_json(folder / "text.json")
    if not isinstance(golden, dict) or not {"symbols", "sentences"} <= golden.keys():
        raise DataError(f"{folder / 'text.json'} lacks symbols or sentences", "restore it")
    yield "symbols", _sameness(list(SYMBOLS), golden["symbols"])
    frontend = TextFrontend()
    for index, sentence in enumerate(golden["sentences"]):
        ipa = frontend.phonemes(sentence["text"])
        yield f"ipa of sentence {index}", _sameness(ipa, sentence["ipa"])
        yield f"ids of sentence {index}", _sameness(frontend.tokens(sentence["ipa"]), sentence["ids"])


def _sameness(actual: object, golden: object) -> float:
    return 0.0 if actual == golden else float("inf")


COMPARISONS: dict[str, Callable[[Case], Errors]] = {
    "hierspeechpp_synthesizer": synthesizer_errors,
    "hierspeechpp_ttv": text_to_vec_errors,
    "speechsr24": speechsr_errors,
    "speechsr48": speechsr_errors,
    "mp_senet": mp_senet_errors,
    "real_audio": real_audio_errors,
}


@torch.no_grad()
def compare_folder(folder: Path, salt: int) -> Iterator[tuple[str, str, float | None]]:
    """Yield file, tensor and error of everything in the folder; the error is None for what is not compared.

    Raises:
        HierVoxError: the folder or one of its files can't be used.
    """
    found = False
    for name, comparison in COMPARISONS.items():
        if (folder / f"{name}.safetensors").is_file():
            found = True
            case = Case(folder, name, salt)
            for tensor, error in comparison(case):
                yield name, tensor, error
            for tensor in sorted(case.unused):
                yield name, f"{tensor}: no such output here, not compared", None
    if (folder / "text.json").is_file():
        found = True
        for entry, error in text_errors(folder):
            yield "text", entry, error
    if not found:
        raise DataError(f"no golden files in {folder}", "name a folder like ../shared/parity/official")


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of golden files.")],
    salt: Annotated[int, typer.Option(help="Which stand-in weights the golden files were made with.")] = 0,
) -> None:
    """Compare with golden files of the published code."""
    passed = True
    try:
        for file, tensor, error in compare_folder(folder, salt):
            if error is None:
                typer.echo(f"{file}  {tensor}")
                continue
            good = error < TOLERANCE
            passed = passed and good
            typer.echo(f"{file}  {tensor}  {error:.2e}{'' if good else '  TOO LARGE'}")
    except HierVoxError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(0 if passed else 1)


if __name__ == "__main__":
    typer.run(main)
