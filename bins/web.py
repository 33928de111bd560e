"""`hiervox web`: a page to speak, convert, restore and keep voices."""

from __future__ import annotations

from typing import Annotated

import typer

from hiervox.bins.options import DeviceOption, PrecisionOption
from hiervox.bins.serve import listening_on, requiring_packages
from hiervox.bins.verbs import Verb

HOST = "127.0.0.1"


def web(
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model by name or folder; may be repeated. Default: all that are installed."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")
    ] = 8881,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "float32",
) -> None:
    """Open a page for this machine's browser to speak, convert, restore and keep voices.

    \b
    Example:
      hiervox web
    """
    with requiring_packages("web"):
        from hiervox.bins.serving.processes import Settings, serve_alone
        from hiervox.bins.serving.web.page import mount_page
    with listening_on(HOST, port) as listening:
        settings = Settings(model or (), device, allow_voices=True, precision=precision)
        engine = settings.engine()
        typer.echo(f"http://{HOST}:{listening.getsockname()[1]}")
        serve_alone(settings, listening, engine, mount_page)


VERB = Verb("web", web, rank=51)
