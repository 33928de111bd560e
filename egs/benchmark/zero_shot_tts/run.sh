#!/usr/bin/env bash
# Text-to-speech systems, each trained with one budget of processor time on one set of speech, speaking frozen lists of
# sentences in voices that none was trained on. How to add a system: README.md beside this file.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

source "$(dirname "$0")/../../common/recipe.sh"
option budget cpu:1h "of every system: cpu:1h, cpu:2.5h, cpu:6h; gpu:5m, gpu:10m, gpu:25m"
option systems hierspeechpp,vits,valle "by commas, each a file of conf/budget"
list row "a folder with plan.sh, as a file of conf/budget, for a system beside these; or a recipe of \`hiervox recipes\`"
option recordings "$repository/../shared/speech" "folder of corpora, each with a manifest.jsonl"
option corpora kokoro_120,kokoro_200,librispeech_251,picovoice_intent "of these to train on, by commas"
option real librispeech_test_other "the one with real voices to speak in"
option kokoro "" "Kokoro-82M, whose mixtures are the held-out synthetic voices (default EXP/kokoro, fetched)"
option models "" "NAME=DIR, by commas: trained models instead of trainings"
option lists synthetic,real "to speak, by commas: synthetic, real, dev"
parse "$@"

own() { run python "$recipe/local/$1.py" "${@:2}"; }

# of SYSTEM: `folder` of the budget, what its file of conf/budget says, and the `model` that is given or comes of it.
of() {
  parts=() controls=() speaks=yes converts= codec= given_model= folder=$exp/$1/$mark
  configs=${rows[$1]-$repository/egs}
  source "${plans[$1]}"
  local given
  for given in ${models//,/ }; do
    [[ ${given%%=*} != "$1" ]] || given_model=$(absolute "${given#*=}")
  done
  model=${given_model:-$folder/model}
  [[ $given_model ]] || ((${#parts[@]} > 1)) || model=$folder/runs/${parts[0]}
}

# spend NOTE NAME COMMAND...: run it, and add what it takes to NOTE.
spend() { run python "$common/local/spend.py" --note "$1" --name "$2" ${on_gpu:+--wall} -- "${@:3}"; }

# Clips joined to pairs of one voice, up to so many seconds: the `cuts` of features from here on.
join() {
  cuts=$exp/set/joined/cuts
  spend "${folder%/*}/spent.jsonl" joined \
    python "$recipe/local/joined_clips.py" --table "$exp/set/table.jsonl" --most "$1" --out "$exp/set/joined"
  [[ -f $cuts/cuts.jsonl.gz ]] || run hiervox prepare --table "$exp/set/joined/table.jsonl" --out "$cuts" --overwrite
}

# Durations of the phonemes of `cuts` by a network that was trained: the `cuts` of features from here on.
align() {
  [[ -f $folder/aligned/cuts.jsonl.gz ]] || spend "$folder/spent.jsonl" aligned \
    hiervox align --cuts "$cuts" --model "$folder/runs/$1" --out "$folder/aligned" --device "$device" --overwrite
  cuts=$folder/aligned
}

# What plans are made of. Features before the first network are shared by the budgets of a system, and count in each.
charge() {
  charged+=("$1=$2")
  [[ $dry_run ]] || printf '%s\n' "${charged[@]}" >"$folder/charged.txt"
}

extract() {
  local out=$folder/$1 note=$folder/spent.jsonl
  if [[ ! $taught ]]; then out=${folder%/*}/$1 note=${folder%/*}/spent.jsonl; fi
  features=$out
  spend "$note" "$1" \
    hiervox extract --cuts "$cuts" --out "$out" --config "$configs/$2" "${@:3}" --jobs 1 --device "$device"
}

teach() {
  local part=$1 seconds="$2 of what is left" resume=() workers=() given
  taught=yes
  [[ $dry_run ]] || seconds=$(python "$recipe/local/budget.py" left --mark "$budget" --share "$2" --part "$part" \
    --runs "$folder/runs" --notes "${folder%/*}/spent.jsonl" "$folder/spent.jsonl" --charged "${charged[@]}") || exit 2
  [[ ! -f $folder/runs/$part/checkpoints/last.json ]] || resume=(--resume)
  [[ ! $on_gpu ]] || workers=(--set train.workers=8)
  settings "$part"
  run hiervox train --config "$configs/$3" --set "out_dir=$folder/runs/$part" --set "data.cuts=${4:-$features}" \
    --set "train.budget_seconds=$seconds" "${@:5}" "${workers[@]}" "${given[@]}" --device "$device" "${resume[@]}"
}

python "$recipe/local/budget.py" seconds --mark "$budget" >/dev/null || exit 2
mark=${budget/:/-} on_gpu= kokoro=$(absolute "${kokoro:-$exp/kokoro}") recordings=$(absolute "$recordings")
[[ $budget == cpu:* ]] || on_gpu=yes
declare -A plans=() rows=()
for name in ${systems//,/ }; do
  plans[$name]=$recipe/conf/budget/$name.sh
  [[ -f ${plans[$name]} ]] || fail "no system $name: there is no conf/budget/$name.sh"
done
for name in "${row[@]}"; do  # configs that its plan names are relative to its folder
  given=$(row_folder "$name") || exit 2
  name=${given##*/} systems+=${systems:+,}${given##*/}
  rows[$name]=$given plans[$name]=$given/plan.sh
  [[ -f ${plans[$name]} ]] || fail "no ${plans[$name]}"
done

if stage 1 data "one training set at 16 kHz; the frozen lists in held-out voices"; then
  own training_set --corpus $(printf "$recordings/%s " ${corpora//,/ }) --hold-out "$recipe"/lists/{test,dev}_voices.txt \
    --out "$exp/set"
  run hiervox prepare --table "$exp/set/table.jsonl" --out "$exp/set/cuts" --overwrite
  [[ -f $kokoro/model_int8.onnx ]] || run "$datasets/kokoro/fetch_kokoro.sh" "$kokoro"
  run python "$datasets/kokoro/make_corpus.py" --kokoro "$kokoro" --voice-list "$recipe/lists/test_voices.txt" \
    --texts "$datasets/kokoro/heldout_sentences.txt" "$recipe/lists/more_sentences.txt" --out "$exp/heldout_test" --format flac
  run python "$datasets/kokoro/make_corpus.py" --kokoro "$kokoro" --voice-list "$recipe/lists/dev_voices.txt" \
    --texts "$recipe/lists/dev_sentences.txt" --out "$exp/heldout_dev" --format flac
  script frozen_list --corpus "$exp/heldout_test" --count 60 --out "$exp/lists/synthetic.csv"
  script frozen_list --corpus "$exp/heldout_dev" --count 12 --out "$exp/lists/dev.csv"
  script frozen_list --corpus "$recordings/$real" --count 60 --out "$exp/lists/real.csv"
  script frozen_list --corpus "$recordings/$real" --count 20 --conversion --out "$exp/lists/conversion.csv"
fi
if stage 2 train "each system by its plan, to the budget: features, codec, networks"; then
  for name in ${systems//,/ }; do
    of "$name"
    [[ ! $given_model ]] || continue
    features= charged=() taught= cuts=$exp/set/cuts
    run mkdir -p "$folder"
    plan
    ((${#parts[@]} == 1)) || script assemble_bundle --runs "$folder/runs" --parts "${parts[@]}" --out "$model"
  done
fi
if stage 3 speak "the lists with each, and the recordings through the codec"; then
  for name in ${systems//,/ }; do
    of "$name"
    [[ $speaks ]] || continue
    for list in ${lists//,/ }; do
      script speak_list --list "$exp/lists/$list.csv" --table "$exp/lists/$list.prompts.csv" --model "$model" --seed "$seed" \
        "${controls[@]/#/--control=}" --out "$folder/wavs/$list" --device "$device"
      [[ ! $codec ]] || script recode_list --list "$exp/lists/$list.csv" --model "$model" \
        --out "$folder/wavs/$list.codec" --device "$device"
    done
  done
fi
if stage 4 convert "real recordings to real voices, with the systems that can"; then
  for name in ${systems//,/ }; do
    of "$name"
    [[ ! $converts ]] || script convert_list --list "$exp/lists/conversion.csv" --model "$model" --seed "$seed" \
      --out "$folder/wavs/conversion" --device "$device"
  done
fi
if stage 5 evaluate "word errors, speaker similarity, F0 correlation, DNSMOS, over speakers and sentences"; then
  for list in ${lists//,/ } conversion; do
    own spoken --exp "$exp" --list "$list" --out "$exp/evaluation/$list.csv"
    run hiervox evaluate --table "$exp/evaluation/$list.csv" --out "$exp/evaluation/$list" --metrics wer,sim,f0,dnsmos \
      --players none --device "$device"
  done
fi
if stage 6 results "the tables of all budgets so far, their plot, and a page of sounds"; then
  own results --exp "$exp" --kept "$recipe/scores" --notes "$recipe/notes.md" --out "$exp/RESULTS.md"
  own sound_page --exp "$exp" --list "${lists%%,*}" --kept "$recipe/report.html" --out "$exp/report.html"
fi
