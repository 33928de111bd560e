#!/usr/bin/env bash
# HierSpeech++ in small: from a table of recordings to trained models, speech, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=${recipe%/egs/*}
stage=1
stop_stage=9
datasets=$repository/egs/datasets/mini
corpus=$datasets/table.csv
exp=$recipe/exp
bundle=$repository/pretrained/mini
device=auto
seed=1234
overrides=()
jobs=$(getconf _NPROCESSORS_ONLN)
rates=(24000 48000)  # beside 16000, which the synthesizer speaks at

usage() {
  cat <<EOF
Usage: run.sh [OPTION VALUE]...

  1 data         the table becomes a cut manifest
  2 validate     bad recordings are named and set aside
  3 features     semantic vectors, F0 and tokens
  4 text_to_vec  train it
  5 synthesizer  train it
  6 speechsr     train both, 24 and 48 kHz
  7 speak        bundle the models, synthesize test_list.csv, convert vc_list.csv of the data set
  8 evaluate     word errors, likeness of the voice, pitch
  9 results      print and save DIR/RESULTS.md

  --stage N       first stage (default $stage)
  --stop-stage M  last stage (default $stop_stage)
  --corpus TABLE  training table: audio,text,speaker,language (default egs/datasets/mini/table.csv)
  --exp DIR       where everything goes (default exp)
  --bundle DIR    where the trained models go (default pretrained/mini of the repository: --model mini)
  --set KEY=VALUE override a key of every training config, as in train.max_steps=1000; may be repeated
  --device D      of training and synthesis: auto, cpu, cuda, cuda:1 (default $device)
EOF
}

fail() {
  echo "run.sh: $*" >&2
  exit 2
}

while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --stage | --stop-stage | --corpus | --exp | --bundle | --device)
      (($# >= 2)) || fail "$1 needs a value"
      name=${1#--}
      declare "${name//-/_}=$2"
      shift 2 ;;
    --set)
      (($# >= 2)) || fail "--set needs a value"
      overrides+=(--set "$2")
      shift 2 ;;
    *) fail "no option $1; see run.sh --help" ;;
  esac
done
[[ $stage =~ ^[1-9]$ && $stop_stage =~ ^[1-9]$ ]] || fail "stages are numbers from 1 to 9"
[[ -e $corpus ]] || fail "no table $corpus"
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"

absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }

corpus=$(absolute "$corpus")
exp=$(absolute "$exp")
bundle=$(absolute "$bundle")
runs=$exp/runs
wavs=$exp/wavs

wanted() { ((stage <= $1 && $1 <= stop_stage)); }

headline() { echo "== stage $1: $2"; }

script() { python "$repository/egs/common/local/$1.py" "${@:2}"; }

# train PART CUTS: start the run of conf/PART.json5, or continue it where a checkpoint is; a run that has all
# its steps ends at once.
train() {
  local run=$runs/$1 resume=()
  [[ -f $run/checkpoints/last.json ]] && resume=(--resume)
  hiervox train --config "$recipe/conf/$1.json5" --set "out_dir=$run" --set "data.cuts=$2" \
    ${overrides[@]+"${overrides[@]}"} --device "$device" ${resume[@]+"${resume[@]}"}
}

if wanted 1; then
  headline 1 data
  hiervox prepare --table "$corpus" --out "$exp/data" --overwrite
fi
if wanted 2; then
  headline 2 validate
  hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"
fi
if wanted 3; then
  headline 3 features
  hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$recipe/conf/features.json5" \
    --jobs "$jobs" --device "$device"
fi
train_text_to_vec() { headline 4 text_to_vec; train text_to_vec "$exp/features"; }
train_synthesizer() { headline 5 synthesizer; train synthesizer "$exp/features"; }
train_speechsr() {
  headline 6 speechsr
  train speechsr24 "$exp/valid"
  train speechsr48 "$exp/valid"
}

# The three trainings need nothing of each other. Two cores do more with one small training each than with
# two threads in one.
train_side_by_side() {
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  mkdir -p "$exp/logs"
  echo "== stages 4 and 6 here; stage 5 beside them, see $exp/logs/synthesizer.log"
  train_synthesizer >"$exp/logs/synthesizer.log" 2>&1 &
  local beside=$!
  trap 'kill "$beside" 2>/dev/null || true' EXIT
  train_text_to_vec
  train_speechsr
  wait "$beside" || { tail -n 3 "$exp/logs/synthesizer.log" >&2; fail "stage 5 ended early; run it again to go on"; }
  trap - EXIT
}

if wanted 4 && wanted 6 && ((jobs > 1)); then
  (train_side_by_side)
else
  if wanted 4; then train_text_to_vec; fi
  if wanted 5; then train_synthesizer; fi
  if wanted 6; then train_speechsr; fi
fi
if wanted 7; then
  headline 7 speak
  script assemble_bundle --runs "$runs" --out "$bundle" --parts text_to_vec synthesizer speechsr24 speechsr48
  mkdir -p "$exp"
  script rows "$datasets/test_list.csv" id prompt text >"$exp/test_list.tsv"
  script rows "$datasets/vc_list.csv" id source prompt >"$exp/vc_list.tsv"
  while IFS=$'\t' read -r -u 3 id prompt text; do
    hiervox tts --text "$text" --prompt "$prompt" --out "$wavs/tts_16000/$id.wav" --plots --overwrite \
      --model "$bundle" --seed "$seed" --device "$device"
    for rate in "${rates[@]}"; do
      hiervox sr "$wavs/tts_16000/$id.wav" --rate "$rate" --out "$wavs/tts_$rate/$id.wav" --overwrite \
        --model "$bundle" --device "$device"
    done
  done 3<"$exp/test_list.tsv"
  while IFS=$'\t' read -r -u 3 id source prompt; do
    hiervox vc --source "$source" --prompt "$prompt" --out "$wavs/vc/$id.wav" --plots --overwrite \
      --model "$bundle" --seed "$seed" --device "$device"
  done 3<"$exp/vc_list.tsv"
  script evaluation_table --tts-list "$datasets/test_list.csv" --vc-list "$datasets/vc_list.csv" \
    --wavs "$wavs" --rates 16000 "${rates[@]}" --out "$exp/evaluation.csv"
fi
if wanted 8; then
  headline 8 evaluate
  hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
fi
if wanted 9; then
  headline 9 results
  python "${recipe%/*}/common/local/results.py" --recipe mini --runs "$runs" --evaluation "$exp/evaluation" --out "$exp/RESULTS.md"
  cat "$exp/RESULTS.md"
  echo "sounds and pictures: $wavs"
  echo "this table: $exp/RESULTS.md"
fi
