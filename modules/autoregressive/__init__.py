"""Generators that draw one sample after another."""
