"""HierVox: speech generation in PyTorch."""

from importlib.metadata import version

__version__ = version("hiervox")
