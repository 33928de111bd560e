"""Listening tests: a page that asks, and figures of what listeners answered."""
