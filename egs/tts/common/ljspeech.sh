# Recipes on LJ Speech, the last 100 sentences of which are for testing; see stages.sh beside this file.

corpus=$recipe/exp/corpus
needs_corpus=
data_stages=(
  "download LJ Speech, through lhotse, into --corpus"
  "data its table becomes a cut manifest; the last 100 sentences are for testing"
  "validate bad recordings are named and set aside"
)
speech_stages=("speak the test sentences" "evaluate word errors and pitch")
source "${recipe%/egs/*}/egs/tts/common/stages.sh"

settle() { cuts=$exp/valid test_list=$exp/tables/test.csv; }

stage_download() { run python "$repository/egs/datasets/ljspeech/ljspeech.py" download --folder "$corpus"; }

stage_data() {
  run python "$repository/egs/datasets/ljspeech/ljspeech.py" tables --folder "$corpus" --out "$exp/tables"
  run hiervox prepare --table "$exp/tables/train.csv" --out "$exp/data" --overwrite
}

stage_validate() { run hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"; }

speak() {
  local id text
  while IFS=$'\t' read -r -u 3 id text; do
    speak_sentence "$1" "$id" "$text" "${@:2}"
  done 3< <([[ $dry_run && ! -e $test_list ]] && printf 'ID\tTEXT\n' || python "$common/local/rows.py" "$test_list" id text)
}
