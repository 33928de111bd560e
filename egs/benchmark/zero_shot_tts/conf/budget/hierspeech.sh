# HierSpeech with an encoder of references; semantic vectors, which it needs in training alone, are Whisper tiny.en's.
parts=(hierspeech)
converts=yes
plan() {
  extract features tts/hierspeech/budget/conf/hierspeech.json5
  teach hierspeech 1 tts/hierspeech/budget/conf/hierspeech.json5
}
