"""Training tasks of DiffComoSVC, one a part."""
