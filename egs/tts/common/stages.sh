# What the recipes of text-to-speech systems share, over egs/common/stages.sh. The file of a corpus beside this one
# sources it; a system's run.sh sets `recipe`, and `system` (its name: of its folder of speech, and of the config and
# the run where there is one network), sources the file of its corpus, and calls `main "$@"`. The file of a corpus gives
#   data_stages, speech_stages  lines for `about`, of the corpus's own first and last stages, and these stages
#   cuts                        what to train on
#   test_list                   what is spoken
#   speak MODEL [OPTION...]     that speaks it, into EXP/wavs/SYSTEM; of an option, PROMPT_TEXT becomes what is said
#                               in the prompt
# The stages here are those of one network that needs waveforms and tokens; run.sh names its own in `about` and
# defines what is otherwise.

source "${recipe%/egs/*}/egs/common/stages.sh"
conf=$recipe/conf
about=(
  "${data_stages[@]}"
  "features waveforms and tokens"
  "train the network"
  "${speech_stages[@]}"
)

# extract CUTS OUT CONFIG...: what configs of the recipe ask for.
extract() {
  local name configs=()
  for name in "${@:3}"; do configs+=(--config "$conf/$name.json5"); done
  run hiervox extract --cuts "$1" --out "$2" "${configs[@]}" --jobs "$jobs"
}

# Phonemes' durations: an aligner is trained on $cuts and aligns them to $exp/aligned.
extract_recordings() { extract "$cuts" "$exp/recordings" aligner; }
train_aligner() { train aligner "$conf/aligner.json5" "$exp/recordings"; }
align_recordings() {
  run hiervox align --cuts "$cuts" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" --overwrite
}

stage_features() { extract "$cuts" "$exp/features" "$system"; }

stage_train() { train "$system" "$conf/$system.json5" "$exp/features"; }

stage_speak() { speak "$exp/runs/$system"; }

stage_evaluate() {
  script systems_table --list "$test_list" --systems "$system=$exp/wavs/$system" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

# speak_sentence MODEL ID TEXT [OPTION...]
speak_sentence() {
  run hiervox tts --text "$3" --model "$1" --seed "$seed" "${@:4}" --out "$exp/wavs/$system/$2.wav" \
    --device "$device" --overwrite
}

# speak_prompted PROMPTS MODEL [OPTION...]: the test list in the voices of its prompts; the table PROMPTS says what is
# said in them.
speak_prompted() {
  local id prompt prompt_text text options=("${@:3}")
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    speak_sentence "$2" "$id" "$text" --prompt "$prompt" ${options[@]+"${options[@]//PROMPT_TEXT/"$prompt_text"}"}
  done 3< <([[ $dry_run && ! -e $test_list ]] && printf 'ID\tPROMPT\tPROMPT_TEXT\tTEXT\n' ||
    python "$common/local/speaking_list.py" "$test_list" --table "$1")
}
