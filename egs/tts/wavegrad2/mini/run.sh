#!/usr/bin/env bash
# WaveGrad 2 in small: from a table of recordings to a trained model, a schedule of six steps, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
steps=6
extra=(steps)
extra_about=("--steps N       of the schedule that is searched for and spoken with (default $steps)")
about=(
  "data      the table becomes a cut manifest"
  "align     an aligner is trained on it and finds the durations of its phonemes"
  "features  waveforms and tokens"
  "train     the network"
  "schedule  the best noise schedule of a few steps"
  "plot      steps against quality"
  "speak     the sentences of the test list in the voices of their prompts"
  "evaluate  word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
mini=$repository/egs/datasets/mini
test_list=$mini/test_list.csv

stage_1() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }

stage_2() {
  run hiervox extract --cuts "$exp/data" --out "$exp/recordings" --config "$recipe/conf/aligner.json5" --jobs "$jobs"
  train aligner "$recipe/conf/aligner.json5" "$exp/recordings"
  run hiervox align --cuts "$exp/data" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" --overwrite
}

stage_3() {
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$recipe/conf/wavegrad2.json5" \
    --jobs "$jobs"
}

stage_4() { train wavegrad2 "$recipe/conf/wavegrad2.json5" "$exp/features"; }

stage_5() {
  [[ -f $exp/model/config.json ]] || run hiervox schedule --model "$exp/runs/wavegrad2" --cuts "$exp/features" \
    --steps "$steps" --out "$exp/model" --device "$device"
}

stage_6() {
  script steps_against_quality --model "$exp/model" --cuts "$exp/features" --out "$exp/steps" --device "$device"
}

stage_7() {
  local id prompt prompt_text text
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    run hiervox tts --text "$text" --prompt "$prompt" --model "$exp/model" --control "steps=$steps" --seed "$seed" \
      --out "$exp/wavs/wavegrad2/$id.wav" --device "$device" --overwrite
  done 3< <(python "$common/local/speaking_list.py" "$test_list" --table "$mini/test.csv")
}

stage_8() {
  script systems_table --list "$test_list" --systems "wavegrad2=$exp/wavs/wavegrad2" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
