"""Benchmarks: seconds and memory of networks and of whole models, alone or beside published code."""
