#!/usr/bin/env bash
# Every vocoder at a small size, on one corpus, with one number of steps: a table of figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$0")/../../common/recipe.sh"

vocoders=$repository/egs/vocoder
option corpus mini "training table, its first column audio; mini comes with the toolkit"
option test "" "recordings to vocode (default: those that the corpus holds out)"
option systems "$(cd "$vocoders" && printf '%s\n' */run.sh | sed 's,/.*,,' | paste -sd,)" "by commas"
list row "a folder with conf/small.json5 of an installed vocoder, or a recipe of \`hiervox recipes\`"
option steps 40 "of every training"
option limit 6 "test recordings"
option seconds 1.2 "of each; autoregressive vocoders take half a minute for one"
parse "$@"
IFS=, read -r -a names <<<"$systems"
for name in "${names[@]}"; do [[ -f $vocoders/$name/conf/small.json5 ]] || fail "no vocoder $name"; done
declare -A rows=()
for name in "${row[@]}"; do
  folder=$(row_folder "$name") || exit 2
  [[ -f $folder/conf/small.json5 ]] || fail "no $folder/conf/small.json5"
  rows[${folder##*/}]=$folder names+=("${folder##*/}") systems+=,${folder##*/}
done
[[ ! -f $corpus ]] || corpus=$(absolute "$corpus")
[[ ! $test || -e $test ]] || fail "no table $test"
test=${test:+$(absolute "$test")}
# PESQ's package is compiled as it is installed, so that it is no part of the toolkit.
metrics=stft,mcd,f0
if python -c "import pesq" 2>/dev/null; then
  metrics=pesq,$metrics
elif ((stop_stage >= 4)); then
  echo "PESQ is left out: \`pip install pesq\` (it needs a C compiler), then run stages 4 and 5 again" >&2
fi

# small VOCODER FIRST LAST [OPTION...]: stages of its own recipe, on the data of all.
small() {
  local program=("$vocoders/$1/run.sh")
  [[ ! -v rows[$1] ]] || program=("$vocoders/run.sh" --conf "${rows[$1]}/conf")
  run "${program[@]}" --corpus "$corpus" --size small --stage "$2" --stop-stage "$3" --device "$device" \
    --jobs "$jobs" "${@:4}"
}

if stage 1 data "manifests, validation, waveforms and F0, which one of them wants, once for all"; then
  small nsf_hifigan 1 3 --exp "$exp/data"
fi
if stage 2 train "each vocoder; processor time is noted"; then
  for name in "${names[@]}"; do
    settings "$name"
    timed "$exp/$name/seconds.txt" small "$name" 4 4 --exp "$exp/$name" --set "train.max_steps=$steps" \
      --set "train.validate_every=$steps" --set "train.save_every=$steps" \
      --set "data.cuts=$exp/data/features" "${given[@]}"
  done
fi
if stage 3 vocode "the test recordings by way of their spectrograms"; then
  for name in "${names[@]}"; do
    [[ ! -f $exp/$name/wavs/speed.json ]] || continue
    run python "$vocoders/local/resynthesize.py" --model "$exp/$name/run" --table "${test:-$exp/data/test.csv}" \
      --out "$exp/$name/wavs" --limit "$limit" --seconds "$seconds" --device "$device"
  done
fi
if stage 4 evaluate "PESQ, spectral distances, F0, against the recordings; an HTML report"; then
  run python "$recipe/local/evaluation_table.py" --exp "$exp" --systems "$systems" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --metrics "$metrics" --device "$device"
fi
if stage 5 results "one table: figures, real-time factor, parameters, training time"; then
  run python "$recipe/local/results.py" --exp "$exp" --systems "$systems" --steps "$steps" \
    --notes "$recipe/notes.md" --out "$exp/RESULTS.md"
  run cat "$exp/RESULTS.md"
fi
