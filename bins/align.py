"""`hiervox align`: when each phoneme of a corpus is said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.verbs import DATA, Verb
from hiervox.utils.errors import ConfigError, DataError


def align(
    cuts: Annotated[Path, typer.Option(help="Cut manifest, or its folder.")],
    out: Annotated[Path, typer.Option(help="Folder for cuts.jsonl.gz with the alignment.")],
    model: Annotated[
        str | None, typer.Option(help="An aligner: name or folder, as `hiervox train` made it.")
    ] = None,
    given: Annotated[
        Path | None,
        typer.Option("--from", help="A folder of TextGrids, such as MFA's, or a CTM file; not with --model."),
    ] = None,
    textgrid: Annotated[Path | None, typer.Option(help="Write TextGrids into this folder, too.")] = None,
    ctm: Annotated[Path | None, typer.Option(help="Write this CTM file, too.")] = None,
    keep_silence: Annotated[
        bool, typer.Option("--keep-silence", help="Leave silence at the ends of utterances.")
    ] = False,
    device: DeviceOption = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the manifest.")] = False,
) -> None:
    """Find the durations of a corpus's phonemes, and cut silence off the ends of its utterances.

    \b
    Examples:
      hiervox align --cuts data --model exp/runs/aligner --out aligned
      hiervox align --cuts data --from mfa_output --out aligned
    """
    if (model is None) == (given is None):
        raise ConfigError("an alignment comes from one source", "give --model or --from")

    from hiervox.models.base.data.aligning import FAILURES_NAME, Outputs, align_corpus, by_files, by_model
    from hiervox.models.base.data.manifest import CUTS_NAME, manifest_file
    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.text.config import TextConfig

    manifest = out / CUTS_NAME
    if manifest.exists() and not overwrite:
        raise DataError(f"{manifest} exists", "name another folder with --out, or add --overwrite")
    if manifest.exists() and manifest.samefile(manifest_file(cuts)):
        raise DataError(f"{manifest} is what is to be aligned", "name another folder with --out")
    if given is not None:
        source = by_files(given, TextConfig().symbols)
    else:
        source = by_model(load(model, "alignment", device))
    result = align_corpus(cuts, source, Outputs(out, textgrid, ctm, not keep_silence))
    typer.echo(f"{result.cuts} utterances are aligned ({result.seconds / 60:.1f} min): {manifest}")
    if result.failures:
        typer.echo(f"{len(result.failures)} are not: {out / FAILURES_NAME}")


VERB = Verb("align", align, panel=DATA, rank=4)
