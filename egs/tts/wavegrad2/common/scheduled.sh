# Stages of the recipes of WaveGrad 2; sourced after the file of the corpus. A run.sh may set `size`, the name of a
# config and its run, to another, and how long a schedule is searched for.

size=wavegrad2
items=8 tries=200  # utterances to compare with, and schedules to score
steps=6
extra+=(steps)
extra_about+=("--steps N       of the schedule that is searched for and spoken with (default $steps)")
about=(
  "${data_stages[@]}"
  "align an aligner is trained on them and finds the durations of their phonemes"
  "features waveforms and tokens"
  "train the network"
  "schedule the best noise schedule of a few steps"
  "plot steps against quality"
  "${speech_stages[@]}"
)

# With its schedule; LJ Speech has several sizes.
model() { [[ $size == wavegrad2 ]] && echo "$exp/model" || echo "$exp/$size"; }

stage_align() {
  extract_recordings
  train_aligner
  align_recordings
}

stage_features() { extract "$exp/aligned" "$exp/features" "$size"; }

stage_train() { train "$size" "$conf/$size.json5" "$exp/features"; }

stage_schedule() {
  [[ -f $(model)/config.json ]] || run hiervox schedule --model "$exp/runs/$size" --cuts "$exp/features" \
    --steps "$steps" --items "$items" --tries "$tries" --out "$(model)" --device "$device"
}

stage_plot() {
  script steps_against_quality --model "$(model)" --cuts "$exp/features" --items "$items" --out "$exp/steps" \
    --device "$device"
}

stage_speak() { speak "$(model)" --control "steps=$steps"; }
