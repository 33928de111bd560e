# Recipes on LibriTTS, tested with voices that are not trained on; see stages.sh beside this file. A run.sh may set
# `parts` before it sources this.

corpus=$recipe/exp/corpus
needs_corpus=
parts=${parts-train-clean-100 train-clean-360}
test_parts=test-clean
sentences=20
extra=(parts test_parts sentences)
extra_about=(
  "--parts NAMES   of LibriTTS to train on (default \"$parts\")"
  "--test-parts NAMES  of LibriTTS to test on (default $test_parts)"
  "--sentences N   to test with (default $sentences)"
)
data_stages=(
  "download LibriTTS, through lhotse, into --corpus"
  "data cut manifests, one of other voices to test with"
  "validate bad recordings are named and set aside"
)
speech_stages=(
  "speak test sentences in the voices of their prompts"
  "evaluate word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/tts/common/stages.sh"

settle() { cuts=$exp/valid/train test_list=$exp/test_list.csv; }

corpus_program() {
  run python "$repository/egs/datasets/corpus.py" "$1" --corpus libritts --folder "$corpus" --parts $parts \
    --test-parts $test_parts "${@:2}"
}

stage_download() { corpus_program download; }

stage_data() { corpus_program prepare --out "$exp/data"; }

stage_validate() {
  local side
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
}

speak() {
  script test_lists --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  speak_prompted "$exp/prompts.csv" "$@"
}
