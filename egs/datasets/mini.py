"""The 17 minutes of recordings that come with the repository; `mini/DATA_CARD.md` says what they are."""

from table import download, prepare

__all__ = ["download", "prepare"]
