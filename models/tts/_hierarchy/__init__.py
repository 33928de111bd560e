"""Sound from semantic vectors by a hierarchy of latents: what HierSpeech++ and HierVST share."""
