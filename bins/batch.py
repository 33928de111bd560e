"""Verbs that take several recordings: which file each goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.outputs import check_outputs, is_done
from hiervox.utils.errors import ConfigError

OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="The sound file, for one recording.")]
OutDirOption = Annotated[
    Path | None, typer.Option(help="Folder for several recordings: IN.wav becomes IN.wav there.")
]
SkipExistingOption = Annotated[
    bool, typer.Option("--skip-existing", help="Leave sounds alone whose records say the same request.")
]


def targets_of(recordings: Sequence[Path], out: Path | None, out_dir: Path | None) -> dict[Path, Path]:
    """Sound file → recording.

    Raises:
        ConfigError: none or both of the options, or one file for several recordings.
    """
    if (out is None) == (out_dir is None):
        raise ConfigError("where to write is not clear", "give --out for one recording, or --out-dir")
    if out is not None:
        if len(recordings) > 1:
            raise ConfigError(f"{len(recordings)} recordings make as many files", "give --out-dir")
        return {out: recordings[0]}
    assert out_dir is not None
    targets: dict[Path, Path] = {}
    for recording in recordings:
        target = out_dir / f"{recording.stem}.wav"
        if target in targets:
            raise ConfigError(
                f"{targets[target]} and {recording} would both become {target}", "rename one of them"
            )
        targets[target] = recording
    return targets


@dataclass(frozen=True)
class Job:
    """A recording that is to be worked on.

    Attributes:
        recording: what is read.
        target: the sound file.
        request: what its record says was asked for.
    """

    recording: Path
    target: Path
    request: Mapping[str, object]


def each_recording(
    recordings: Sequence[Path],
    out: Path | None,
    out_dir: Path | None,
    model: str | None,
    options: Mapping[str, object],
    overwrite: bool,
    skip_existing: bool,
) -> list[Job]:
    """What a verb has to do: all recordings, or those that are not done yet; outputs are checked before.

    Raises:
        ConfigError: see `targets_of` and `check_outputs`; or there is no such model.
    """
    targets = targets_of(recordings, out, out_dir)
    if not skip_existing:
        check_outputs(list(targets), overwrite, inputs=recordings)

    from hiervox.models.base.pipelines.bundle import resolve_bundle

    made_of = {"model": str(resolve_bundle(model)), **options}
    jobs = [Job(source, target, {"input": str(source), **made_of}) for target, source in targets.items()]
    if skip_existing:
        jobs = [job for job in jobs if not is_done(job.target, job.request)]
        check_outputs([job.target for job in jobs], overwrite, inputs=recordings)
        if not jobs:
            typer.echo("all are there")
    return jobs
