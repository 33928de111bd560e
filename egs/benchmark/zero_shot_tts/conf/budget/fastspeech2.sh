# FastSpeech 2 with an encoder of references, durations of an aligner, and Vocos.
parts=(fastspeech2 vocoder=vocos)
plan() {
  extract recordings alignment/forward_sum_aligner/budget/conf/aligner.json5
  teach aligner 0.04 alignment/forward_sum_aligner/budget/conf/aligner.json5
  align aligner
  extract features tts/fastspeech2/budget/conf/fastspeech2.json5
  teach vocos 0.45 vocoder/vocos/budget/conf/vocos.json5
  teach fastspeech2 1 tts/fastspeech2/budget/conf/fastspeech2.json5
}
