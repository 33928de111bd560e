# VITS with an encoder of references. Without dropout a step takes less, and in an hour too little is learnt by heart to
# need it; discriminators take part in the last 12 % of an hour, 20 % of more.
parts=(vits)
converts=yes
plan() {
  local longer=(--set model.text_encoder.dropout=0.1 --set model.duration.dropout=0.1
    --set train.networks.discriminator.start_share=0.8)
  [[ $budget != cpu:1h && $budget != gpu:5m ]] || longer=()
  extract features tts/vits/budget/conf/vits.json5
  teach vits 1 tts/vits/budget/conf/vits.json5 "$features" "${longer[@]}"
}
