"""Networks of FastSpeech 2."""
