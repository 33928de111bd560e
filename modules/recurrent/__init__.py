"""Recurrent blocks."""
