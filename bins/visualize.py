"""`hiervox visualize`: a page that shows what a model computes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hiervox.bins.controls import AssignmentOption, ControlOptions, controls_from
from hiervox.bins.job import Job
from hiervox.bins.options import DeviceOption, OptionGroup, PrecisionOption, grouped
from hiervox.bins.outputs import SUFFIXES, OverwriteOption
from hiervox.bins.progress import progress
from hiervox.bins.verbs import EVALUATION, Verb
from hiervox.bins.voices import VoiceOptions
from hiervox.utils.errors import ConfigError
from hiervox.utils.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hiervox.models.base.pipelines.trace import Stage, Subject


@dataclass(frozen=True)
class BesideOptions(OptionGroup):
    """A second condition, which differs from the first in what is given here."""

    beside: Annotated[
        str | None, typer.Option(metavar="INPUT", help="A second input, shown beside the first.")
    ] = None
    beside_prompt: Annotated[
        str | None, typer.Option(metavar="FILE", help="A second prompt, shown beside the first voice.")
    ] = None
    beside_voice: Annotated[
        str | None, typer.Option(metavar="NAME", help="A second named voice, likewise.")
    ] = None
    beside_control: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A control of the second condition; may be repeated."),
    ] = None


@dataclass(frozen=True)
class Asked:
    """A condition as the options give it.

    Attributes:
        input: a text, or a sound file.
        voices: whom to speak like.
        controls: NAME=VALUE each.
    """

    input: str
    voices: VoiceOptions
    controls: tuple[str, ...]


@grouped
def visualize(
    model: Annotated[str, typer.Argument(help="Name of an installed model, or a folder.")],
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A text or a recording, whichever the model takes.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page, an HTML file.")],
    like: VoiceOptions,
    other: BesideOptions,
    voices: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="Map of voices: a name, a recording, a folder of recordings, or all. May be repeated.",
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="What the model is opened for. Default: by what goes in.")
    ] = None,
    steps: Annotated[int, typer.Option(min=2, max=100, help="Most steps of a slider.")] = 12,
    seconds: Annotated[float, typer.Option(min=0.5, max=30, help="Most that is read of a recording.")] = 6.0,
    control: AssignmentOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "float32",
    overwrite: OverwriteOption = False,
) -> None:
    """Show what a model computes on its way to sound, as a page in one file that opens offline.

    \b
    Examples:
      hiervox visualize box "Hello there." -o hello.html
      hiervox visualize exp/converter me.wav --voice ada --beside-voice bob -o voices.html
      hiervox visualize exp/diffusion me.wav --prompt her.wav --control steps=30 -o steps.html
      hiervox visualize exp/codec speech.wav -o codebooks.html
      hiervox visualize box "Hello there." --voices all -o voices.html
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{out} is not a page", "name it .html")
    asked = [Asked(source, like, tuple(control or ()))]
    if any((other.beside, other.beside_prompt, other.beside_voice, other.beside_control)):
        asked.append(_second(asked[0], other))
    is_text = [_is_text(each.input) for each in asked]
    if len(set(is_text)) > 1:
        raise ConfigError("a text and a recording can't be beside each other", "give two of one kind")
    mapped = [Path(given) for given in voices or () if Path(given).exists()]
    inputs = [file for each in asked for file in [*_files(each), *each.voices.spec().inputs]]
    job: Job[Any] = Job(
        task or _task_of(model, is_text[0]),
        {},
        model,
        device,
        overwrite,
        precision=precision,
        files=[out],
        inputs=[*inputs, *mapped],
    )
    if not _is_traced(job):
        raise ConfigError(f"nothing is known to show of {job.task}", "leave --task out")
    subjects = [_subject(job, each, steps, seconds) for each in asked]
    _write(job, asked, subjects, voices or (), out)


def _second(first: Asked, other: BesideOptions) -> Asked:
    voices = first.voices
    if other.beside_prompt or other.beside_voice:
        voices = replace(
            voices,
            prompt=[other.beside_prompt] if other.beside_prompt else None,
            voice=[other.beside_voice] if other.beside_voice else None,
        )
    given = other.beside_control or []
    names = {assignment.partition("=")[0] for assignment in given}
    kept = [each for each in first.controls if each.partition("=")[0] not in names]
    return Asked(other.beside or first.input, voices, (*kept, *given))


def _is_text(given: str) -> bool:
    return Path(given).suffix.lower() not in SUFFIXES


def _files(asked: Asked) -> list[Path]:
    return [] if _is_text(asked.input) else [Path(asked.input)]


def _task_of(model: str, is_text: bool) -> str:
    """The task of a model's first system, or the first of its capabilities, that takes such an input.

    Raises:
        ConfigError: none does.
    """
    from hiervox.models.base.pipelines.bundle import resolve_bundle
    from hiervox.models.base.pipelines.loading import find_system
    from hiervox.models.base.tasks import TASKS, task_names

    card, _ = find_system(resolve_bundle(model))
    served = [card.task, *(name for name in task_names() if name in card.capabilities)]
    wanted = "text" if is_text else "recording"
    for name in served:
        if TASKS[name].takes == wanted:
            return name
    raise ConfigError(f"{card.name} takes no {wanted}", "see `hiervox systems` for what a model does")


def _subject(job: Job[Any], asked: Asked, steps: int, seconds: float) -> Subject:
    """What is traced under a condition."""
    from hiervox.models.base.pipelines.trace import Subject
    from hiervox.processors.audio import read_audio

    pipeline = job.pipeline
    controls = controls_from(job.card, ControlOptions({}, list(asked.controls)))
    subject = Subject(text=asked.input, controls=controls, most_steps=steps)
    if not _is_text(asked.input):
        wav, rate = read_audio(Path(asked.input))
        subject = replace(subject, text=None, recording=(wav[: round(seconds * rate)], rate))
    if _is_voiced(job):
        spec = asked.voices.spec()
        spec.check(pipeline)
        subject = replace(subject, voice=spec.voice(pipeline, for_text=_is_text(asked.input)))
    elif asked.voices.prompt or asked.voices.voice:
        raise ConfigError(f"{job.card.name} takes no voice", "leave it out")
    return subject


def _is_traced(job: Job[Any]) -> bool:
    """Whether the task or the pipeline gives a trace."""
    from hiervox.models.base.pipelines.protocols import Traced
    from hiervox.models.base.tasks import TASKS

    return job.task in TASKS and (TASKS[job.task].trace is not None or isinstance(job.pipeline, Traced))


def _is_voiced(job: Job[Any]) -> bool:
    """Whether the pipeline gives the trace, which is in a voice."""
    from hiervox.models.base.tasks import TASKS

    return TASKS[job.task].trace is None


def _stages(job: Job[Any], subject: Subject) -> Iterator[Stage]:
    """As the task has them, or the pipeline."""
    from hiervox.models.base.pipelines.protocols import Traced
    from hiervox.models.base.tasks import TASKS
    from hiervox.utils.registry import resolve

    if traced := TASKS[job.task].trace:
        stages: Iterator[Stage] = resolve(traced)(job.pipeline, subject)
        return stages
    assert isinstance(job.pipeline, Traced)
    return job.pipeline.trace(subject)


def _label(asked: Asked) -> str:
    """What tells a condition from another."""
    voices = [*(asked.voices.prompt or ()), *(asked.voices.voice or ())]
    name = asked.input if _is_text(asked.input) else Path(asked.input).name
    said = name if len(name) <= 60 else f"{name[:59]}…"
    return ", ".join([said, *(Path(voice).name for voice in voices), *asked.controls])


def _write(
    job: Job[Any], asked: list[Asked], subjects: list[Subject], voices: Sequence[str], out: Path
) -> None:
    from importlib.metadata import version

    from hiervox.bins.visualization.page import Condition, visualization_page
    from hiervox.bins.visualization.voices import voice_map

    if voices and not _is_voiced(job):
        raise ConfigError(f"{job.card.name} takes no voice", "leave --voices out")
    mapped = voice_map(job.pipeline, job.folder, subjects[0], voices) if voices else None
    conditions = [
        Condition(_label(each), list(progress(_stages(job, subject), "stages")))
        for each, subject in zip(asked, subjects, strict=True)
    ]
    facts = {
        "system": f"{job.card.name} ({job.card.paper})",
        "task": job.task,
        "input": " | ".join(condition.label for condition in conditions),
        "hiervox": version("hiervox"),
    }
    write_text(out, visualization_page(f"What {job.folder.name} computes", facts, conditions, mapped))
    typer.echo(out)


VERB = Verb("visualize", visualize, panel=EVALUATION, rank=4)
