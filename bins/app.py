"""The command line: `hiervox VERB …`. One module a verb; none imports anything heavy before it runs."""

from __future__ import annotations

import errno
import os
import sys

import typer

from bins.config import config_app
from bins.convert import convert
from bins.doctor import doctor
from bins.evaluate import evaluate
from bins.extract import extract
from bins.prepare import prepare
from bins.sr import sr
from bins.systems import systems
from bins.train import train
from bins.tts import tts
from bins.validate import validate
from bins.vc import vc
from utils.errors import HierVoxError

USER_ERROR = 2
ENVIRONMENT_ERRORS = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EISDIR,
)

app = typer.Typer(
    help="Speech generation: prepare data, train, synthesize, convert, measure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verb in (prepare, validate, extract, train, tts, vc, sr, convert, evaluate, systems, doctor):
    app.command()(verb)
app.add_typer(config_app, name="config")


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 2."""
    # Threads that wait by spinning take the cores from whatever else runs: a training beside another
    # program was measured up to ten times slower. OpenMP reads this when torch is loaded, which is later.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        app()
    except HierVoxError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno not in ENVIRONMENT_ERRORS:
            raise
        place = error.filename or "a file"
        _fail(f"can't use {place} ({os.strerror(error.errno)}): free it or choose another place")


def _fail(line: str) -> None:
    sys.stderr.write(f"hiervox: {line}\n")
    sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
