"""HierVox: speech generation in PyTorch."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.loading import load

__all__ = ["__version__", "load"]
__version__ = version("hiervox")


def __getattr__(name: str) -> Any:
    """Import `load` when it is first asked for: importing the package alone stays quick."""
    if name == "load":
        from hiervox.models.base.pipelines.loading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
