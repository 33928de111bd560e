"""Training tasks of Lite, one a part."""
