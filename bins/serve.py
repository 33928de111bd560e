"""`hiervox serve`: speech over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from hiervox.bins.options import DeviceOption, PrecisionOption, RayOption
from hiervox.bins.verbs import Verb
from hiervox.utils.errors import ConfigError, DependencyError

LOCAL = ("127.0.0.1", "localhost", "::1")
MOST_PORT = 65535


def serve(
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model by name or folder; may be repeated. Default: all that are installed."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=MOST_PORT, help="Port to listen on; 0 for any free one.")
    ] = 8880,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "float32",
    max_queue: Annotated[int, typer.Option(min=1, help="Requests at once; further ones are refused.")] = 64,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1, help="Sentences of several requests to one pass. Default: 16 on a GPU, 1 on a CPU."
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            help="Processes on a CPU, each with the models in memory and a queue; replicas with --ray.",
        ),
    ] = 1,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds that a request may take, from its headers to its last byte.")
    ] = 600.0,
    max_upload: Annotated[
        float, typer.Option(min=0.001, help="MiB of a request with recordings; larger ones are refused.")
    ] = 32.0,
    max_seconds: Annotated[float, typer.Option(min=1, help="Seconds of a recording.")] = 600.0,
    allow_voices: Annotated[
        bool, typer.Option("--allow-voices", help="Let clients save and remove voices.")
    ] = False,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", help="Let pages of this site ask, such as https://example.org; may be repeated."
        ),
    ] = None,
    wyoming: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Speak the Wyoming protocol there, too; it knows no keys."),
    ] = None,
    ray: RayOption = None,
    key_file: Annotated[
        Path | None, typer.Option(help="Bearer tokens, one a line; without it only this machine is served.")
    ] = None,
) -> None:
    """Serve speech over HTTP in the shape of OpenAI's API.

    \b
    Examples:
      hiervox serve
      hiervox serve --host 0.0.0.0 --key-file keys.txt
    """
    if key_file is None and host not in LOCAL:
        raise ConfigError(
            f"without keys {host} would be open to everyone", "give --key-file, or leave --host out"
        )
    with requiring_packages("serve"):
        from hiervox.bins.serving.app import read_keys
        from hiervox.bins.serving.bodies import Limits
        from hiervox.bins.serving.processes import Settings, serve_alone, serve_together
    keys: list[str] = []
    if key_file is not None:
        try:
            keys = read_keys(key_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{key_file} can't be read", "name a text file of keys") from error
    settings = Settings(
        model or (),
        device,
        max_queue,
        keys,
        time_limit,
        Limits(int(max_upload * 2**20), max_seconds),
        allow_voices,
        batch,
        _origins(allow_origin or ()),
        precision,
    )
    if ray is not None:
        if wyoming is not None or port == 0:
            raise ConfigError("--ray serves HTTP on a port of its own", "leave --wyoming out, and --port 0")
        with requiring_packages("ray"):
            from hiervox.bins.serving.ray import serve_on
        if ray == "local":
            listening_on(host, port).close()  # whether it can be listened on
        serve_on(ray, settings, host, port, workers)
        return
    with listening_on(host, port) as listening, _wyoming_on(wyoming) as wyoming_listening:
        engine = settings.engine()
        if workers > 1 and engine.device.type != "cpu":
            raise ConfigError(
                f"processes can't share {engine.device}", "leave --workers out, or use --device cpu"
            )
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"http://{shown}:{listening.getsockname()[1]}/v1")
        if wyoming_listening is not None:
            typer.echo(f"tcp://{wyoming}")
        if workers == 1:
            serve_alone(settings, listening, engine, wyoming=wyoming_listening)
        else:
            engine.stop()
            serve_together(settings, listening, workers, wyoming_listening)


@contextmanager
def requiring_packages(extra: str) -> Iterator[None]:
    """Imports of packages that an extra brings.

    Raises:
        DependencyError: one is not there.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("hiervox"):
            raise
        raise DependencyError(
            f"package {error.name} is not there", f"pip install 'hiervox[{extra}]'"
        ) from error


def _origins(urls: Sequence[str]) -> list[str]:
    """Sites as browsers name them.

    Raises:
        ConfigError: one is no site.
    """
    for url in urls:
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or url != f"{parts.scheme}://{parts.netloc}"
        ):
            raise ConfigError(f"--allow-origin {url!r} is no site", "write https://HOST or https://HOST:PORT")
    return list(urls)


@contextmanager
def _wyoming_on(address: str | None) -> Iterator[socket.socket | None]:
    """A socket that listens on `HOST:PORT`; None for none.

    Raises:
        ConfigError: it is not such an address, or can't be listened on.
    """
    if address is None:
        yield None
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > MOST_PORT:
        raise ConfigError(f"--wyoming {address!r} is no address", "write HOST:PORT, such as 127.0.0.1:10200")
    with listening_on(host.strip("[]"), int(port)) as listening:
        yield listening


def listening_on(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: there is no such address, or another program listens there.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"can't listen on {host}, port {port} ({reason})", "choose another --port or --host"
        ) from error


VERB = Verb("serve", serve, rank=50)
