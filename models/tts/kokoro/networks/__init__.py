"""The networks of Kokoro."""
