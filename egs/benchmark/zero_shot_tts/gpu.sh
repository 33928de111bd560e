#!/usr/bin/env bash
# Several systems at several budgets on a machine with a GPU, in half an hour: gpu.sh EXP OUT [OPTION]...
# EXP holds what stage 1 of run.sh made anywhere (set/, lists/ and the held-out recordings, under 60 MB); OUT gets the tables,
# the curves, the weights that speak, and how busy the GPU was. Options are those of run.sh; --dry-run prints the commands.
set -euo pipefail

(($# >= 2)) || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exp=$1 out=$2
marks=(${MARKS:-gpu:5m})
device=${DEVICE:-cuda}
[[ -f $exp/set/table.jsonl ]] || { echo "gpu.sh: $exp holds no training set: make it with run.sh --stop-stage 1" >&2; exit 2; }
mkdir -p "$out"
[[ " ${*:3} " == *" --dry-run "* ]] || hiervox prepare --table "$exp/set/table.jsonl" --out "$exp/set/cuts" --overwrite
if [[ $device == cuda* ]] && command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=timestamp,utilization.gpu,memory.used --format=csv -l 5 >"$out/gpu.csv" &
  watch=$!
  trap 'kill "$watch"' EXIT
fi
for mark in "${marks[@]}"; do
  "$recipe/run.sh" --exp "$exp" --budget "$mark" --device "$device" --stage 2 "${@:3}"
done
[[ " ${*:3} " != *" --dry-run "* ]] || exit 0
cp "$exp"/{RESULTS.md,budgets.svg,report.html} "$out"
for folder in "$exp"/*/[cg]pu-*; do
  target=$out/${folder#"$exp"/}
  mkdir -p "$target"
  [[ ! -d $folder/model ]] || cp -r "$folder/model" "$target"
  for run in "$folder"/runs/*; do
    mkdir -p "$target/runs/${run##*/}"
    cp "$run"/{metrics.jsonl,budget.jsonl,losses.png} "$target/runs/${run##*/}"
    [[ -d $folder/model ]] || cp "$run"/checkpoints/step-*/{model.safetensors,config.json} "$target/runs/${run##*/}"
  done
done
