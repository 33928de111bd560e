#!/usr/bin/env bash
# HierSpeech++ in small: from a table of recordings to trained models, speech, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$0")/../../../common/recipe.sh"

mini=$datasets/mini
option corpus "$mini/table.csv" "a table of recordings, or a Kaldi folder"
of_own
option sentences 20 "of --test to speak"
option bundle "$repository/pretrained/mini" "where the trained models go"
parse "$@"
corpus=$(absolute "$corpus") bundle=$(absolute "$bundle") wavs=$exp/wavs
[[ $dry_run || -e $corpus ]] || fail "no corpus $corpus"
[[ $test || ! $language ]] || fail "name recordings of that language to test with: --test TABLE"
lists=$mini
[[ ! $test ]] || lists=$exp

train_text_to_vec() { train text_to_vec "$conf/text_to_vec.json5" "$exp/features" "${in_language[@]}"; }
train_synthesizer() { train synthesizer "$conf/synthesizer.json5" "$exp/features"; }
train_speechsr() { for rate in 24 48; do train "speechsr$rate" "$conf/speechsr$rate.json5" "$exp/valid"; done; }

# The three trainings of stages 4 to 6 need nothing of each other. Two cores do more with one small training each
# than with two threads in one.
side_by_side() { ((stage <= 4 && stop_stage >= 6 && jobs > 1)) && [[ ! $dry_run ]]; }

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

if stage 1 data "the table becomes a cut manifest"; then
  run hiervox prepare --table "$corpus" "${own_language[@]}" --out "$exp/data" --overwrite
fi
if stage 2 validate "bad recordings are named and set aside"; then
  run hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"
fi
if stage 3 features "semantic vectors, F0 and tokens"; then
  run hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$conf/features.json5" "${in_language[@]}" --jobs "$jobs" \
    --device "$device"
fi
if stage 4 text_to_vec "train it"; then
  if side_by_side; then (train_side_by_side); else train_text_to_vec; fi
fi
if stage 5 synthesizer "train it"; then
  side_by_side || train_synthesizer
fi
if stage 6 speechsr "train both, 24 and 48 kHz"; then
  side_by_side || train_speechsr
fi
if stage 7 speak "bundle the models, speak and convert the lists of egs/datasets/mini, or of --test"; then
  if [[ $test ]]; then
    run hiervox prepare --table "$test" "${own_language[@]}" --out "$exp/test" --overwrite
    script test_lists --cuts "$exp/test" --count "$sentences" --prompted --out "$exp"
  fi
  script assemble_bundle --runs "$exp/runs" --out "$bundle" --parts text_to_vec synthesizer speechsr24 speechsr48
  run hiervox tts --table "$lists/test_list.csv" --out-dir "$wavs/tts_16000" --plots --overwrite --model "$bundle" \
    --seed "$seed" --device "$device"
  for rate in 24000 48000; do
    run hiervox sr "$wavs/tts_16000"/*.wav --rate "$rate" --out-dir "$wavs/tts_$rate" --overwrite \
      --model "$bundle" --device "$device"
  done
  run hiervox vc --table "$lists/vc_list.csv" --out-dir "$wavs/vc" --plots --overwrite --model "$bundle" --seed "$seed" \
    --device "$device"
  script evaluation_table --tts-list "$lists/test_list.csv" --vc-list "$lists/vc_list.csv" --wavs "$wavs" \
    --rates 16000 24000 48000 --out "$exp/evaluation.csv"
fi
if stage 8 evaluate "word errors, speaker similarity, F0"; then
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
if stage 9 results "print and save EXP/RESULTS.md"; then
  run python "$repository/egs/tts/hierspeechpp/common/local/results.py" --recipe mini --runs "$exp/runs" \
    --evaluation "$exp/evaluation" --out "$exp/RESULTS.md"
  run cat "$exp/RESULTS.md"
fi
