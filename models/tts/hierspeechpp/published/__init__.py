"""Published weights of HierSpeech++, one file a part."""
