#!/usr/bin/env bash
# Every vocoder at a small size, on one corpus, with one number of steps: a table of figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
systems=hifigan,bigvgan,melgan,univnet,nsf_hifigan,apnet,istftnet,vocos,diffwave,wavegrad,waveglow,wavernn,wavenet
corpus=mini
needs_corpus=
test=
steps=40
limit=6
seconds=1.2
extra=(systems test steps limit seconds)
extra_about=(
  "--corpus TABLE   training table, its first column audio; or mini, which comes with the toolkit"
  "--test TABLE     recordings to vocode; those of mini where the corpus is"
  "--systems LIST   by commas (default: all)"
  "--steps N        of every training (default $steps)"
  "--limit N        test recordings (default $limit)"
  "--seconds S      of each (default $seconds); autoregressive vocoders take half a minute for one"
)
about=(
  "data      manifests, validation, waveforms and F0, once for all"
  "train     each vocoder; processor time is noted"
  "vocode    the test recordings by way of their spectrograms"
  "evaluate  PESQ, spectral distances, F0, against the recordings; an HTML report"
  "results   one table: figures, real-time factor, parameters, training time"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
mini=$repository/egs/datasets/mini
vocoders=$repository/egs/vocoder

settle() {
  IFS=, read -r -a names <<<"$systems"
  local name
  for name in "${names[@]}"; do [[ -f $vocoders/$name/conf/small.json5 ]] || fail "no vocoder $name"; done
  if [[ ${corpus##*/} == mini && ! -e $corpus ]]; then
    corpus=$mini/table.csv test=${test:-$mini/test.csv}
  fi
  [[ -e $corpus ]] || fail "no table $corpus: name one with --corpus, or mini"
  [[ -e $test ]] || fail "no test recordings: name a table with --test"
}

# PESQ's package is compiled as it is installed, so that it is no part of the toolkit.
choose_metrics() {
  metrics=pesq,stft,mcd,f0
  if ! python -c "import pesq" 2>/dev/null; then
    metrics=${metrics#pesq,}
    echo "PESQ is left out: \`pip install pesq\` (it needs a C compiler), then run stages 4 and 5 again" >&2
  fi
}

# small VOCODER FIRST LAST [OPTION...]: stages of its own recipe, on the data of all.
small() {
  run "$vocoders/$1/run.sh" --corpus "$corpus" --test "$test" --size small --stage "$2" --stop-stage "$3" \
    --device "$device" --jobs "$jobs" "${@:4}"
}

# F0 is what one of them wants besides the waveforms; it is computed for all.
stage_data() {
  choose_metrics
  small nsf_hifigan 1 3 --exp "$exp/data"
}

train_one() {
  local budget=(--set "train.max_steps=$steps" --set "train.validate_every=$steps" --set "train.save_every=$steps")
  local given override=()
  for given in ${overrides[@]+"${overrides[@]}"}; do override+=(--set "$given"); done
  small "$1" 4 4 --exp "$exp/$1" "${budget[@]}" --set "data.cuts=$exp/data/features" ${override[@]+"${override[@]}"}
}

stage_train() {
  local name
  for name in "${names[@]}"; do timed "$exp/$name/seconds.txt" train_one "$name"; done
}

stage_vocode() {
  local name
  for name in "${names[@]}"; do
    [[ ! -f $exp/$name/wavs/speed.json ]] || continue
    run python "$vocoders/common/local/resynthesize.py" --model "$exp/$name/run" --table "$test" \
      --out "$exp/$name/wavs" --limit "$limit" --seconds "$seconds" --device "$device"
  done
}

stage_evaluate() {
  choose_metrics
  run python "$recipe/local/evaluation_table.py" --exp "$exp" --systems "$systems" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --metrics "$metrics" \
    --device "$device"
}

stage_results() {
  run python "$recipe/local/results.py" --exp "$exp" --systems "$systems" --steps "$steps" \
    --notes "$recipe/notes.md" --out "$exp/RESULTS.md"
  [[ $dry_run ]] || cat "$exp/RESULTS.md"
}

main "$@"
