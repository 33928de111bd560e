# Glow-TTS with an encoder of references, through Griffin-Lim.
mini_stages="1 3"
parts=(glow_tts)
