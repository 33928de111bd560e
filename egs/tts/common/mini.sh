# Recipes on a table of recordings, by default the one that comes with the toolkit; see stages.sh beside this file.

data_stages=("data the table becomes a cut manifest")
speech_stages=(
  "speak the sentences of the test list in the voices of their prompts"
  "evaluate word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/tts/common/stages.sh"
mini=$repository/egs/datasets/mini
test_list=$mini/test_list.csv

settle() { cuts=$exp/data; }

stage_data() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }

speak() { speak_prompted "$mini/test.csv" "$@"; }
