#!/usr/bin/env bash
# Text-to-speech systems, each trained with one budget of processor time on one set of speech, speaking frozen lists of
# sentences in voices that none was trained on. How to add a system: README.md beside this file.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lists=$recipe/lists
budget=cpu:1h
systems=hierspeechpp,vits,valle
corpus=${recipe%/egs/*}/../shared/speech
corpora="kokoro_120 kokoro_200 librispeech_251 picovoice_intent"
real=librispeech_test_other
kokoro=
models=
list=synthetic,real
extra=(budget systems corpora real kokoro models list)
extra_about=(
  "--corpus is the folder that holds the recordings, each a folder with a manifest.jsonl"
  "--budget MARK       of every system: cpu:1h, cpu:2.5h, cpu:6h; gpu:5m, gpu:10m, gpu:25m (default $budget)"
  "--systems NAMES     by commas, each a file of conf/budget/ (default $systems)"
  "--corpora NAMES     folders of --corpus to train on (default \"$corpora\")"
  "--real NAME         folder of --corpus with real voices to speak in (default $real)"
  "--kokoro DIR        Kokoro-82M, of which the held-out synthetic voices are (default EXP/kokoro, fetched)"
  "--models NAME=DIR   trained models instead of trainings, by commas"
  "--list NAMES        to speak, by commas: synthetic, real, dev (default $list)"
)
about=(
  "data      one training set at 16 kHz; the frozen lists in held-out voices"
  "train     each system by its plan, to the budget: features, codec, vocoder, networks"
  "speak     the lists with each, and the recordings through the codec"
  "convert   real recordings to real voices, with the systems that can"
  "evaluate  word errors, speaker similarity, F0 correlation, DNSMOS, over speakers and sentences"
  "results   the tables of all budgets so far, their plot, and a page of sounds"
)
source "${recipe%/egs/*}/egs/common/stages.sh"

own() { run python "$recipe/local/$1.py" "${@:2}"; }

settle() {
  python "$recipe/local/budget.py" seconds --mark "$budget" >/dev/null || exit 2
  IFS=, read -r -a names <<<"$systems"
  local name
  for name in "${names[@]}"; do [[ -f $recipe/conf/budget/$name.sh ]] || fail "no system $name: there is no conf/budget/$name.sh"; done
  mark=${budget/:/-} kokoro=$(absolute "${kokoro:-$exp/kokoro}")
}

stage_data() {
  local kokoro_program=$repository/egs/datasets/kokoro list
  local sentences=("$kokoro_program/heldout_sentences.txt" "$lists/more_sentences.txt")
  own training_set --corpus $(printf "$corpus/%s " $corpora) --hold-out "$lists"/{test,dev}_voices.txt --out "$exp/set"
  run hiervox prepare --table "$exp/set/table.jsonl" --out "$exp/set/cuts" --overwrite
  [[ -f $kokoro/model_int8.onnx ]] || run "$kokoro_program/fetch_kokoro.sh" "$kokoro"
  for list in test dev; do
    [[ $list == test ]] || sentences=("$lists/dev_sentences.txt")
    run python "$kokoro_program/make_corpus.py" --kokoro "$kokoro" --texts "${sentences[@]}" \
      --voice-list "$lists/${list}_voices.txt" --out "$exp/heldout_$list" --format flac
  done
  own frozen_list --corpus "$exp/heldout_test" --count 60 --out "$exp/lists/synthetic.csv"
  own frozen_list --corpus "$exp/heldout_dev" --count 12 --out "$exp/lists/dev.csv"
  own frozen_list --corpus "$corpus/$real" --count 60 --out "$exp/lists/real.csv"
  own frozen_list --corpus "$corpus/$real" --count 20 --conversion --out "$exp/lists/conversion.csv"
}

# of SYSTEM: `folder` of the budget, what its file of conf/budget says, and the `model` that is given or comes of it.
of() {
  parts=() controls=() converts= codec= given_model= folder=$exp/$1/$mark
  source "$recipe/conf/budget/$1.sh"
  local given
  for given in ${models//,/ }; do
    [[ ${given%%=*} != "$1" ]] || given_model=$(absolute "${given#*=}")
  done
  model=${given_model:-$folder/model}
  [[ $given_model ]] || ((${#parts[@]} > 1)) || model=$folder/runs/${parts[0]}
}

# What plans are made of. Features before the first network are shared by the system's budgets, and count in each.
charge() {
  notes+=("$1=$2")
  [[ $dry_run ]] || printf '%s\n' "${notes[@]}" >"$folder/charged.txt"
}

extract() {
  local out=$folder/$1 note=$folder/spent.jsonl
  if [[ ! $taught ]]; then out=${folder%/*}/$1 note=${folder%/*}/spent.jsonl; fi
  features=$out
  run python "$common/local/spend.py" --note "$note" --name "$1" ${on_gpu:+--wall} -- \
    hiervox extract --cuts "$exp/set/cuts" --out "$out" --config "$repository/egs/$2" "${@:3}" --jobs 1 --device "$device"
}

teach() {
  local part=$1 seconds="$2 of what is left" resume=() workers=()
  taught=yes
  [[ $dry_run ]] || seconds=$(python "$recipe/local/budget.py" left --mark "$budget" --share "$2" --part "$part" \
    --runs "$folder/runs" --notes "${folder%/*}/spent.jsonl" "$folder/spent.jsonl" --charged ${notes[@]+"${notes[@]}"}) || exit 2
  [[ ! -f $folder/runs/$part/checkpoints/last.json ]] || resume=(--resume)
  [[ ! $on_gpu ]] || workers=(--set train.workers=8)
  run hiervox train --config "$repository/egs/$3" --set "out_dir=$folder/runs/$part" --set "data.cuts=${4:-$features}" \
    --set "train.budget_seconds=$seconds" ${workers[@]+"${workers[@]}"} "${@:5}" --device "$device" ${resume[@]+"${resume[@]}"}
}

stage_train() {
  local name features notes taught on_gpu=
  [[ $budget == cpu:* ]] || on_gpu=yes
  for name in "${names[@]}"; do
    of "$name"
    [[ ! $given_model ]] || continue
    features= notes=() taught=
    run mkdir -p "$folder"
    plan
    ((${#parts[@]} == 1)) || script assemble_bundle --runs "$folder/runs" --parts "${parts[@]}" --out "$model"
  done
}

stage_speak() {
  local name which control given
  for name in "${names[@]}"; do
    of "$name"
    given=()
    for control in ${controls[@]+"${controls[@]}"}; do given+=(--control "$control"); done
    for which in ${list//,/ }; do
      script speak_list --list "$exp/lists/$which.csv" --table "$exp/lists/$which.prompts.csv" --model "$model" \
        --seed "$seed" ${given[@]+"${given[@]}"} --out "$folder/wavs/$which" --device "$device"
      [[ ! $codec ]] || script recode_list --list "$exp/lists/$which.csv" --model "$model" \
        --out "$folder/wavs/$which.codec" --device "$device"
    done
  done
}

stage_convert() {
  local name
  for name in "${names[@]}"; do
    of "$name"
    [[ ! $converts ]] || script convert_list --list "$exp/lists/conversion.csv" --model "$model" \
      --seed "$seed" --out "$folder/wavs/conversion" --device "$device"
  done
}

stage_evaluate() {
  local which
  for which in ${list//,/ } conversion; do
    own spoken --exp "$exp" --list "$which" --out "$exp/evaluation/$which.csv"
    run hiervox evaluate --table "$exp/evaluation/$which.csv" --out "$exp/evaluation/$which" --metrics wer,sim,f0,dnsmos \
      --players none --device "$device"
  done
}

stage_results() {
  own results --exp "$exp" --notes "$recipe/notes.md" --out "$exp/RESULTS.md"
  own sound_page --exp "$exp" --out "$exp/report.html"
}

main "$@"
