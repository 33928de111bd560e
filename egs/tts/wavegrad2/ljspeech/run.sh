#!/usr/bin/env bash
# WaveGrad 2 on LJ Speech, Base or Large: from the download to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$recipe/exp/corpus
needs_corpus=
size=base
steps=6
extra=(size steps)
extra_about=(
  "--size NAME     base or large (default $size)"
  "--steps N       of the schedule that is searched for and spoken with (default $steps)"
)
about=(
  "download  LJ Speech, through lhotse, into --corpus"
  "data      its table becomes a cut manifest; the last 100 sentences are for testing"
  "validate  bad recordings are named and set aside"
  "align     an aligner is trained on them and finds the durations of their phonemes"
  "features  waveforms and tokens"
  "train     the network"
  "schedule  the best noise schedule of a few steps"
  "plot      steps against quality"
  "speak     the test sentences"
  "evaluate  word errors and pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"

stage_1() { run python "$repository/egs/datasets/ljspeech/ljspeech.py" download --folder "$corpus"; }

stage_2() {
  run python "$repository/egs/datasets/ljspeech/ljspeech.py" tables --folder "$corpus" --out "$exp/tables"
  run hiervox prepare --table "$exp/tables/train.csv" --out "$exp/data" --overwrite
}

stage_3() { run hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"; }

stage_4() {
  run hiervox extract --cuts "$exp/valid" --out "$exp/recordings" --config "$recipe/conf/aligner.json5" --jobs "$jobs"
  train aligner "$recipe/conf/aligner.json5" "$exp/recordings"
  run hiervox align --cuts "$exp/valid" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" --overwrite
}

stage_5() {
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$recipe/conf/$size.json5" --jobs "$jobs"
}

stage_6() { train "$size" "$recipe/conf/$size.json5" "$exp/features"; }

stage_7() {
  [[ -f $exp/$size/config.json ]] || run hiervox schedule --model "$exp/runs/$size" --cuts "$exp/features" \
    --steps "$steps" --items 8 --tries 200 --out "$exp/$size" --device "$device"
}

stage_8() {
  script steps_against_quality --model "$exp/$size" --cuts "$exp/features" --items 8 --out "$exp/steps" \
    --device "$device"
}

stage_9() {
  local id text
  while IFS=$'\t' read -r -u 3 id text; do
    run hiervox tts --text "$text" --model "$exp/$size" --control "steps=$steps" --seed "$seed" \
      --out "$exp/wavs/wavegrad2/$id.wav" --device "$device" --overwrite
  done 3< <([[ $dry_run ]] && printf 'ID\tTEXT\n' || python "$common/local/rows.py" \
    "$exp/tables/test.csv" id text)
}

stage_10() {
  script systems_table --list "$exp/tables/test.csv" --systems "wavegrad2=$exp/wavs/wavegrad2" \
    --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
