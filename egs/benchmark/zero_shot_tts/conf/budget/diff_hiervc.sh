# Diff-HierVC, which converts and does not speak: F0 and mel by diffusion in one training, Vocos.
parts=(converter vocoder)
speaks= converts=yes
plan() {
  extract features vc/diff_hiervc/budget/conf/converter.json5
  teach vocoder 0.3 vc/dddm_vc/budget/conf/vocoder.json5
  teach converter 1 vc/diff_hiervc/budget/conf/converter.json5
}
