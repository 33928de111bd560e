"""The HTTP server: speech in the shape of OpenAI's, for every model that serves a task."""
