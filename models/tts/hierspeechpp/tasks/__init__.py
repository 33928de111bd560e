"""Training tasks of HierSpeech++, one a part."""
