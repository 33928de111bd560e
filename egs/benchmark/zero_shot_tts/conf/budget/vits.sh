# VITS with an encoder of references.
parts=(vits)
converts=yes
plan() {
  extract features tts/vits/budget/conf/vits.json5
  teach vits 1 tts/vits/budget/conf/vits.json5
}
