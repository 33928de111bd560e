# DDDM-VC, which converts and does not speak: quantiser of F0, converter, Vocos. Its content vectors are Whisper tiny.en's.
parts=(f0_quantizer converter vocoder)
speaks= converts=yes
plan() {
  local quantizer=vc/dddm_vc/budget/conf/f0_quantizer.json5
  extract features vc/dddm_vc/budget/conf/converter.json5 --config "$configs/$quantizer"
  teach f0_quantizer 0.05 "$quantizer"
  teach vocoder 0.3 vc/dddm_vc/budget/conf/vocoder.json5
  teach converter 1 vc/dddm_vc/budget/conf/converter.json5 "$features" --set "data.f0_quantizer=$folder/runs/f0_quantizer"
}
