# Stages of the recipes of FastSpeech 2, from cuts to a model in $exp/model; sourced after the file of the corpus.

about=(
  "${data_stages[@]}"
  "recordings waveforms and tokens, for the aligner"
  "aligner is trained"
  "align each phoneme gets its duration; silence at the ends is cut off"
  "features waveforms, tokens and F0 of what is aligned"
  "train FastSpeech 2"
  "vocoder HiFi-GAN, on recorded spectrograms"
  "predict the spectrograms of the training sentences, with their own durations"
  "finetune HiFi-GAN, on predicted spectrograms"
  "${speech_stages[@]}"
)

stage_recordings() { extract_recordings; }

stage_aligner() { train_aligner; }

stage_align() { align_recordings; }

stage_features() { extract "$exp/aligned" "$exp/features" fastspeech2; }

stage_vocoder() { train hifigan "$conf/hifigan.json5" "$exp/features"; }

stage_predict() {
  run hiervox extract --cuts "$exp/aligned" --out "$exp/predicted" --config "$conf/hifigan.json5" \
    --predicted-by "$exp/runs/fastspeech2" --device "$device"
}

stage_finetune() {
  train finetuned "$conf/finetune.json5" "$exp/predicted" --set "features.predicted_by=$exp/runs/fastspeech2" \
    $([[ -f $exp/runs/finetuned/checkpoints/last.json ]] || printf '%s\n' --init-from "$exp/runs/hifigan")
  script assemble_bundle --runs "$exp/runs" --parts fastspeech2 vocoder=finetuned --out "$exp/model"
}

stage_speak() { speak "$exp/model"; }
