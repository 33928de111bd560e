"""Transformer stacks."""
