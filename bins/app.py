"""The command line: `hiervox VERB …`; `bins/verbs.py` says what a verb is."""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from typing import Annotated

import typer

from hiervox.bins.process import expand_home, name_options, prepare_process
from hiervox.bins.verbs import VerbGroup
from hiervox.utils.errors import HierVoxError, one_line
from hiervox.utils.files import require_working_directory

USER_ERROR = 2
INTERRUPTED = 130
ENVIRONMENT_ERRORS = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EFBIG,
    errno.EIO,
    errno.ELOOP,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ENFILE,
    errno.ENOTEMPTY,
)
HINTS = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "close programs, or raise `ulimit -n`",
    errno.ENFILE: "close programs",
}


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"hiervox {version('hiervox')}")
        raise typer.Exit


_debug = False

app = typer.Typer(
    cls=VerbGroup,
    help="Speech generation: prepare data, train, synthesize, convert, measure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def hiervox(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Before an error's line, print its traceback.")
    ] = False,
) -> None:
    """Speech generation: prepare data, train, synthesize, convert, measure."""
    global _debug
    _debug = debug


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 2."""
    _let_waiting_threads_sleep()
    prepare_process()
    arguments = expand_home(sys.argv[1:])
    try:
        require_working_directory()
        code = app(arguments, prog_name="hiervox", standalone_mode=False)
        gc.freeze()  # the end of the process looks for no garbage in what it gives back as a whole
        sys.exit(code)
    except HierVoxError as error:
        if _debug:
            traceback.print_exc()
        _fail(name_options(str(error), arguments))
    except typer.TyperException as error:
        _fail_usage(error)
    except typer.Abort:
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in ENVIRONMENT_ERRORS:
            raise
        place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "a file"
        hint = HINTS.get(error.errno, "free it or choose another place")
        _fail(one_line(f"can't use {place} ({os.strerror(error.errno)}): {hint}"))


def _let_waiting_threads_sleep() -> None:
    """Keep OpenMP threads from spinning for long where they wait, unless the user has chosen.

    Beside another busy program on two cores, a training step of the mini recipe took 2.3 s this way and over
    10 s with GNU OpenMP's own 300,000 spins; alone it took 0.76 s against 0.69 s. OpenMP reads the variable
    when torch is loaded, which is later.
    """
    if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = "2000"


def _fail_usage(error: typer.TyperException) -> None:
    """Unknown verbs, options and values; without a verb, the help."""
    message = str(error)
    if message.count("\n") > 1:
        sys.stdout.write(message.rstrip("\n") + "\n")
        sys.exit(USER_ERROR)
    context = getattr(error, "ctx", None)
    command = "hiervox" if context is None else context.command_path
    format_message = getattr(error, "format_message", error.__str__)
    _fail(f"{' '.join(format_message().split()).rstrip('.')}: see `{command} --help`")


def _fail(line: str) -> None:
    sys.stderr.write(f"hiervox: {line}\n")
    sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
