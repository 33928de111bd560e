# Glow-TTS with an encoder of references, through Griffin-Lim.
mini_stages="1 5"
parts=(glow_tts)
