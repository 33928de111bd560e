"""Whom a model speaks like: one speaker, a table of trained ones, or an encoder of recordings."""
