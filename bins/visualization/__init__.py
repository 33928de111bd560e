"""Pages that show what a model computes."""
