# The recipe that all vocoders share; a system's run.sh sets `recipe` to its folder and sources this file.
# Run it again after an interruption: finished work is kept, an unfinished training continues.

repository=${recipe%/egs/*}
mini=$repository/egs/datasets/mini
stage=1
stop_stage=6
corpus=
root=
parts="train-clean-100 train-clean-360"
test_speakers=8
test=
limit=
exp=$recipe/exp
size=published
device=auto
overrides=()
jobs=$(getconf _NPROCESSORS_ONLN)

usage() {
  cat <<EOF
Usage: run.sh --corpus TABLE --test TABLE [OPTION VALUE]...
       run.sh --corpus ljspeech|libritts|vctk --root DIR [OPTION VALUE]...

  1 data      the table becomes a cut manifest; a corpus is fetched if it is not there
  2 validate  recordings that can't be used are named and set aside
  3 features  waveforms at the vocoder's rate, and F0 where it wants it
  4 train     the vocoder
  5 vocode    the test recordings by way of their spectrograms
  6 evaluate  spectral distances, F0, and a figure of quality, against the recordings

  --stage N       first stage (default $stage)
  --stop-stage M  last stage (default $stop_stage)
  --corpus TABLE  training table, its first column audio; mini, which comes with the toolkit; or a corpus: ljspeech,
                  libritts, vctk
  --root DIR      folder that holds that corpus's own folder, or gets it (default EXP/corpus)
  --parts NAMES   of LibriTTS (default "$parts"); test-clean is tested with
  --test-speakers N  of VCTK, not trained on (default $test_speakers)
  --test TABLE    recordings to vocode; by default those of mini, or those that the corpus holds out
  --limit N       so many of them at most (default: all of a table, 50 of a corpus)
  --size NAME     config of conf/: published or small (default $size)
  --exp DIR       where everything goes (default exp)
  --set KEY=VALUE override a key of the config, as in train.max_steps=1000; may be repeated
  --device D      auto, cpu, cuda, cuda:1 (default $device)
  --jobs N        processes that validate and extract (default $jobs)
EOF
}

fail() {
  echo "run.sh: $*" >&2
  exit 2
}

while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --stage | --stop-stage | --corpus | --root | --parts | --test-speakers | --test | --limit | --size | --exp | --device | --jobs)
      (($# >= 2)) || fail "$1 needs a value"
      name=${1#--}
      declare "${name//-/_}=$2"
      shift 2 ;;
    --set)
      (($# >= 2)) || fail "--set needs a value"
      overrides+=(--set "$2")
      shift 2 ;;
    *) fail "no option $1; see run.sh --help" ;;
  esac
done
[[ $stage =~ ^[1-6]$ && $stop_stage =~ ^[1-6]$ ]] || fail "stages are numbers from 1 to 6"
if [[ $corpus == mini ]]; then
  corpus=$mini/table.csv
  test=${test:-$mini/test.csv}
fi
absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }
exp=$(absolute "$exp")
held_out=  # the table of test recordings that stage 1 writes
case $corpus in
  ljspeech | libritts | vctk)
    root=$(absolute "${root:-$exp/corpus}")
    held_out=$exp/test.csv limit=${limit:-50} ;;
  *) [[ -e $corpus ]] || fail "no table ${corpus:-given}: name one with --corpus, or mini" ;;
esac
[[ -z $test || -e $test ]] || fail "no table $test"
test=${test:-$held_out}
config=$recipe/conf/$size.json5
[[ -f $config ]] || fail "no config $config"
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"

wanted() { ((stage <= $1 && $1 <= stop_stage)); }

headline() { echo "== stage $1: $2"; }

settings=(--set "out_dir=$exp/run" --set "data.cuts=$exp/features" ${overrides[@]+"${overrides[@]}"})

# corpus_manifests: the corpus under $root, as a manifest to train on and a table of what is held out.
corpus_manifests() {
  local datasets=$repository/egs/datasets options=(--test-speakers "$test_speakers")
  if [[ $corpus == ljspeech ]]; then
    [[ -f $root/LJSpeech-1.1/metadata.csv ]] || python "$datasets/ljspeech/ljspeech.py" download --folder "$root"
    python "$datasets/ljspeech/ljspeech.py" tables --folder "$root" --out "$exp/tables"
    hiervox prepare --table "$exp/tables/train.csv" --out "$exp/data" --overwrite
    cp "$exp/tables/test.csv" "$held_out"
  else
    [[ $corpus == vctk ]] || options=(--parts $parts --test-parts test-clean)
    python "$datasets/corpus.py" download --corpus "$corpus" --folder "$root" "${options[@]}"
    python "$datasets/corpus.py" prepare --corpus "$corpus" --folder "$root" "${options[@]}" --out "$exp/data"
    python "$repository/egs/common/local/prompt_texts.py" --cuts "$exp/data/test" --out "$held_out"
  fi
}

cuts=$exp/data
[[ $corpus != libritts && $corpus != vctk ]] || cuts=$exp/data/train
if wanted 1; then
  headline 1 data
  if [[ $held_out ]]; then corpus_manifests; else hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; fi
fi
if wanted 2; then
  headline 2 validate
  hiervox validate --cuts "$cuts" --out "$exp/valid" --jobs "$jobs" --config "$config" "${settings[@]}"
fi
if wanted 3; then
  headline 3 features
  hiervox extract --cuts "$exp/valid" --out "$exp/features" --jobs "$jobs" --device "$device" \
    --config "$config" "${settings[@]}"
fi
if wanted 4; then
  headline 4 train
  resume=()
  [[ -f $exp/run/checkpoints/last.json ]] && resume=(--resume)
  hiervox train --config "$config" "${settings[@]}" --device "$device" ${resume[@]+"${resume[@]}"}
fi
if wanted 5; then
  headline 5 vocode
  [[ -n $test ]] || fail "no test recordings: name a table with --test"
  python "$repository/egs/vocoder/common/local/resynthesize.py" --model "$exp/run" --table "$test" \
    --out "$exp/wavs" ${limit:+--limit "$limit"} --device "$device"
fi
if wanted 6; then
  headline 6 evaluate
  hiervox evaluate --reference "$exp/wavs/recorded" --generated "$exp/wavs/generated" --out "$exp/scores" \
    --metrics "${VOCODER_METRICS:-stft,mcd,f0}" --device "$device"
fi
