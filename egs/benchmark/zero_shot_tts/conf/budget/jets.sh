# JETS with an encoder of references, which finds its alignment itself.
parts=(jets)
plan() {
  extract features tts/jets/budget/conf/jets.json5
  teach jets 1 tts/jets/budget/conf/jets.json5
}
