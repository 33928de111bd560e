# The recipes of Glow-TTS speak by a vocoder that is named; sourced after the file of the corpus.

vocoder=griffin_lim
extra=(vocoder)
extra_about=("--vocoder NAME   name or folder of a vocoder for HiFi-GAN's spectrogram (default griffin_lim)")

stage_speak() { speak "$exp/runs/glow_tts" --control "vocoder=$vocoder"; }
