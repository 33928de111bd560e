# F5-TTS, which finds its alignment itself, and Vocos. It goes on from a prompt and its text.
parts=(f5_tts vocoder=vocos)
controls=(prompt_text=PROMPT_TEXT steps=16)
plan() {
  extract features tts/f5_tts/budget/conf/f5_tts.json5
  teach vocos 0.3 vocoder/vocos/budget/conf/vocos.json5
  teach f5_tts 1 tts/f5_tts/budget/conf/f5_tts.json5
}
