#!/usr/bin/env bash
# VITS on VCTK at the published size: from the download to a trained model of many speakers, and speech.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=vits
corpus=$recipe/exp/corpus
needs_corpus=
test_speakers=1
extra=(test_speakers)
extra_about=("--test-speakers N  voices that are not trained on (default $test_speakers)")
data_stages=(
  "download VCTK, through lhotse, into --corpus"
  "data cut manifests"
  "validate bad recordings are named and set aside"
)
speech_stages=("speak a sentence in the voice of each speaker")
source "${recipe%/egs/*}/egs/tts/common/stages.sh"

corpus_program() {
  run python "$repository/egs/datasets/corpus.py" "$1" --corpus vctk --folder "$corpus" \
    --test-speakers "$test_speakers" "${@:2}"
}

stage_download() { corpus_program download; }

stage_data() { corpus_program prepare --out "$exp/data"; }

stage_validate() { run hiervox validate --cuts "$exp/data/train" --out "$exp/valid" --jobs "$jobs"; }

# The config is that of conf/ with the names of the speakers.
stage_features() {
  run python "$recipe/local/speakers.py" --cuts "$exp/valid" --base "$conf/vits.json5" --out "$exp/speakers.json5"
  run hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$exp/speakers.json5" --jobs "$jobs"
}

stage_train() { train vits "$exp/speakers.json5" "$exp/features"; }

stage_speak() {
  local name
  while read -r -u 3 name; do
    speak_sentence "$exp/runs/vits" "$name" \
      "Please call Stella, and ask her to bring these things with her from the store." --voice "$name"
  done 3< <([[ $dry_run ]] && echo SPEAKER || python "$recipe/local/speakers.py" --cuts "$exp/valid")
}

main "$@"
