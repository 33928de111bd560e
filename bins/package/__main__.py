"""`python -m hiervox`, the same as `hiervox`."""

from hiervox.bins.app import main

main()
