"""`hiervox voice`: voices under names, for `tts` and `vc`."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import ModelOption, model_files
from hiervox.bins.tables import JsonOption, echo_table
from hiervox.bins.verbs import Verb
from hiervox.bins.voices import DenoiseOption, ReplicateOption, VoiceSpec
from hiervox.utils.errors import HierVoxError

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import TextToSpeech

voice_app = typer.Typer(help="Saved voices: add, list, remove, mix.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - and _.")]
ReplaceOption = Annotated[bool, typer.Option("--overwrite", help="Replace a voice of this name.")]


@voice_app.command()
def add(
    name: NameArgument,
    prompts: Annotated[
        list[str], typer.Argument(metavar="FILE[:WEIGHT]...", help="Recordings, mixed by weight.")
    ],
    denoise_ratio: DenoiseOption = 0.0,
    replicate: ReplicateOption = False,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    overwrite: ReplaceOption = False,
) -> None:
    """Save the voice of recordings, and say how good they are as prompts.

    \b
    Example:
      hiervox voice add anna anna1.wav anna2.wav:0.5
    """
    from pathlib import Path

    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import load
    from hiervox.models.base.pipelines.prompt import read_prompt
    from hiervox.models.base.pipelines.prompt_report import report_prompt
    from hiervox.models.base.pipelines.voice_store import require_free, save_voice

    spec = VoiceSpec(prompts, None, denoise_ratio, replicate)
    require_free(name, overwrite, chain(spec.inputs, model_files(model)))
    folder = resolve_bundle(model)
    pipeline: TextToSpeech[SpeechControls] = load(folder, None, device)
    pipeline.require(denoiser=denoise_ratio > 0)
    spec.check(pipeline)
    reports = {file: report_prompt(*read_prompt(Path(file)), file, pipeline.pitch) for file in spec.files}
    voice = spec.voice(pipeline)
    made_of = {**spec.record(pipeline), "model": str(folder)}
    path = save_voice(name, voice, made_of=made_of, overwrite=overwrite)
    for file, report in reports.items():
        typer.echo(f"{file}: {report}")
    typer.echo(path)


@voice_app.command("list")
def list_voices(model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Name the voices that a model brings, and the saved ones with their pitch and what they are made of.

    \b
    Examples:
      hiervox voice list
      hiervox voice list --model box --json
    """
    from hiervox.models.base.pipelines.voice_store import read_record, voice_names, voice_path

    rows: list[tuple[str, ...]] = [("voice", "pitch", "made of", "model")]
    rows += _of_model(model)
    for name in voice_names():
        try:
            record = read_record(voice_path(name))
        except HierVoxError as error:
            rows.append((name, "", str(error), ""))
            continue
        pitch = f"{record.pitch_mean:.0f} Hz" if record.pitch_mean else "unvoiced"
        parts = {**record.made_of.get("prompts", {}), **record.made_of.get("voices", {})}
        shares = [part if weight == 1 else f"{part}:{weight:g}" for part, weight in parts.items()]
        rows.append((name, pitch, " ".join(shares), record.model[:12]))
    echo_table(rows, as_json)


def _of_model(model: str | None) -> list[tuple[str, ...]]:
    """The voices of a model, read from its folder alone: no network is loaded.

    Raises:
        ConfigError: a model was named that is not there.
    """
    from hiervox.models.base.checkpoints.checkpoint import CONFIG_NAME, read_json
    from hiervox.models.base.pipelines.bundle import parts_of, prompts_of, resolve_bundle

    try:
        folder = resolve_bundle(model)
    except HierVoxError:
        if model is None:
            return []
        raise
    found = {prompt.stem: "a recording of the model" for prompt in prompts_of(folder)}
    for part in parts_of(folder):
        network = read_json(part.checkpoint / CONFIG_NAME).get("model")
        speakers = network.get("speakers") if isinstance(network, dict) else None
        found |= dict.fromkeys(speakers if isinstance(speakers, list) else (), "a trained speaker")
    return [(name, "", made_of, folder.name) for name, made_of in found.items()]


@voice_app.command()
def remove(name: NameArgument) -> None:
    """Forget a voice.

    \b
    Example:
      hiervox voice remove anna
    """
    from hiervox.models.base.pipelines.voice_store import remove_voice

    remove_voice(name)
    typer.echo(f"removed {name}")


@voice_app.command()
def mix(
    name: NameArgument,
    voices: Annotated[
        list[str], typer.Argument(metavar="NAME[:WEIGHT]...", help="Saved voices, mixed by weight.")
    ],
    overwrite: ReplaceOption = False,
) -> None:
    """Save the weighted mean of saved voices.

    \b
    Example:
      hiervox voice mix both anna:0.7 bert:0.3
    """
    from hiervox.models.base.pipelines.voice import mix_voices
    from hiervox.models.base.pipelines.voice_store import load_voice, require_free, save_voice

    spec = VoiceSpec(None, voices)
    require_free(name, overwrite, spec.inputs)
    found = [load_voice(part) for part, _ in spec.voices]
    mixed = mix_voices(found, [weight for _, weight in spec.voices])
    made_of = {"prompts": {}, "voices": dict(spec.voices)}
    typer.echo(save_voice(name, mixed, made_of=made_of, overwrite=overwrite))


VERB = Verb("voice", voice_app, rank=4)
