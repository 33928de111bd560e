# HierSpeech++: text-to-vec and the hierarchical synthesizer. Whisper tiny.en is given, as MMS is in the paper; the
# phonetic bottleneck behind it came with the package, and is charged what it took to train: 13 minutes.
parts=(text_to_vec synthesizer)
converts=yes
plan() {
  charge bottleneck 780
  extract features tts/hierspeechpp/budget/conf/features.json5
  teach text_to_vec 0.38 tts/hierspeechpp/budget/conf/text_to_vec.json5
  teach synthesizer 1 tts/hierspeechpp/budget/conf/synthesizer.json5
}
