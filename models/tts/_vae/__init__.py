"""Text to a latent that a decoder makes sound of: what VITS and HierSpeech share."""
