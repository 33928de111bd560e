# What small recipes of HierSpeech++ share; sourced after egs/common/stages.sh. `conf` is the folder of their configs.

programs=$repository/egs/tts/hierspeechpp/common/local

train_text_to_vec() { train text_to_vec "$conf/text_to_vec.json5" "$exp/features"; }

train_synthesizer() { train synthesizer "$conf/synthesizer.json5" "$exp/features"; }

train_speechsr() {
  train speechsr24 "$conf/speechsr24.json5" "$exp/valid"
  train speechsr48 "$conf/speechsr48.json5" "$exp/valid"
}

# The three trainings of stages 4 to 6 need nothing of each other. Two cores do more with one small training each
# than with two threads in one.
side_by_side() { ((stage <= 4 && stop_stage >= 6 && jobs > 1)); }

train_side_by_side() {
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  mkdir -p "$exp/logs"
  echo "stages 4 and 6 here; stage 5 beside them, see $exp/logs/synthesizer.log"
  train_synthesizer >"$exp/logs/synthesizer.log" 2>&1 &
  local beside=$!
  trap 'kill "$beside" 2>/dev/null || true' EXIT
  train_text_to_vec
  train_speechsr
  wait "$beside" || { tail -n 3 "$exp/logs/synthesizer.log" >&2; fail "stage 5 ended early; run it again to go on"; }
  trap - EXIT
}

# speak LISTS BUNDLE RATE...: speak and convert the lists of a data set, at 16 kHz and at further rates, into
# EXP/wavs, and name the results in EXP/evaluation.csv.
speak() {
  local lists=$1 bundle=$2 rates=("${@:3}") wavs=$exp/wavs id text source prompt rate
  while IFS=$'\t' read -r -u 3 id prompt text; do
    run hiervox tts --text "$text" --prompt "$prompt" --out "$wavs/tts_16000/$id.wav" --plots --overwrite \
      --model "$bundle" --seed "$seed" --device "$device"
    for rate in "${rates[@]}"; do
      run hiervox sr "$wavs/tts_16000/$id.wav" --rate "$rate" --out "$wavs/tts_$rate/$id.wav" --overwrite \
        --model "$bundle" --device "$device"
    done
  done 3< <(python "$common/local/rows.py" "$lists/test_list.csv" id prompt text)
  while IFS=$'\t' read -r -u 3 id source prompt; do
    run hiervox vc --source "$source" --prompt "$prompt" --out "$wavs/vc/$id.wav" --plots --overwrite \
      --model "$bundle" --seed "$seed" --device "$device"
  done 3< <(python "$common/local/rows.py" "$lists/vc_list.csv" id source prompt)
  script evaluation_table --tts-list "$lists/test_list.csv" --vc-list "$lists/vc_list.csv" \
    --wavs "$wavs" --rates 16000 "${rates[@]}" --out "$exp/evaluation.csv"
}
