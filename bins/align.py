"""`hiervox align`: when each phoneme of a corpus is said."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption
from hiervox.bins.outputs import OverwriteOption, model_files
from hiervox.bins.verbs import DATA, Verb
from hiervox.utils.errors import ConfigError
from hiervox.utils.outputs import check_outputs


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
    overwrite: OverwriteOption = False,
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
    from hiervox.models.base.data.index import open_index
    from hiervox.models.base.data.manifest import CUTS_NAME, files_of_manifest
    from hiervox.models.base.pipelines.loading import load
    from hiervox.processors.text.config import TextConfig

    outputs = Outputs(out, textgrid, ctm, not keep_silence)
    inputs = chain(files_of_manifest(cuts), [given], () if model is None else model_files(model))
    check_outputs(outputs.files(open_index(cuts).ids()), overwrite, inputs=inputs)
    if given is not None:
        source = by_files(given, TextConfig().symbols)
    else:
        source = by_model(load(model, "alignment", device))
    result = align_corpus(cuts, source, outputs)
    typer.echo(f"{result.cuts} utterances are aligned ({result.seconds / 60:.1f} min): {out / CUTS_NAME}")
    if result.failures:
        typer.echo(f"{len(result.failures)} are not: {out / FAILURES_NAME}")


VERB = Verb("align", align, panel=DATA, rank=4)
