"""Diff-HierVC's networks."""
