"""Changed files for every reader of files: `python -m tests.fuzz --minutes N`."""
