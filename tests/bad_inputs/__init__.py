"""Inputs that can't be used, and what the command line says of each."""
