"""The page: a tab a file."""
