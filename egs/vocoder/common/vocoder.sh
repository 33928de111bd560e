# The recipe that all vocoders share; a system's run.sh sets `recipe` to its folder and sources this file.
# Run it again after an interruption: finished work is kept, an unfinished training continues.

repository=${recipe%/egs/*}
mini=$repository/egs/datasets/mini
stage=1
stop_stage=6
corpus=
test=
exp=$recipe/exp
size=published
device=auto
overrides=()
jobs=$(getconf _NPROCESSORS_ONLN)

usage() {
  cat <<EOF
Usage: run.sh --corpus TABLE --test TABLE [OPTION VALUE]...

  1 data      the table becomes a cut manifest
  2 validate  recordings that can't be used are named and set aside
  3 features  waveforms at the vocoder's rate, and F0 where it wants it
  4 train     the vocoder
  5 vocode    the test recordings by way of their spectrograms
  6 evaluate  spectral distances, F0, and a figure of quality, against the recordings

  --stage N       first stage (default $stage)
  --stop-stage M  last stage (default $stop_stage)
  --corpus TABLE  training table, its first column audio; or mini, which comes with the toolkit
  --test TABLE    recordings to vocode; those of mini where the corpus is
  --size NAME     config of conf/: published or small (default $size)
  --exp DIR       where everything goes (default exp)
  --set KEY=VALUE override a key of the config, as in train.max_steps=1000; may be repeated
  --device D      auto, cpu, cuda, cuda:1 (default $device)
EOF
}

fail() {
  echo "run.sh: $*" >&2
  exit 2
}

while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --stage | --stop-stage | --corpus | --test | --size | --exp | --device)
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
[[ -e $corpus ]] || fail "no table ${corpus:-given}: name one with --corpus, or mini"
[[ -z $test || -e $test ]] || fail "no table $test"
config=$recipe/conf/$size.json5
[[ -f $config ]] || fail "no config $config"
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"

wanted() { ((stage <= $1 && $1 <= stop_stage)); }

headline() { echo "== stage $1: $2"; }

settings=(--set "out_dir=$exp/run" --set "data.cuts=$exp/features" ${overrides[@]+"${overrides[@]}"})

if wanted 1; then
  headline 1 data
  hiervox prepare --table "$corpus" --out "$exp/data" --overwrite
fi
if wanted 2; then
  headline 2 validate
  hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs" --config "$config" "${settings[@]}"
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
    --out "$exp/wavs" --device "$device"
fi
if wanted 6; then
  headline 6 evaluate
  hiervox evaluate --reference "$exp/wavs/recorded" --generated "$exp/wavs/generated" --out "$exp/scores" \
    --metrics "${VOCODER_METRICS:-stft,mcd,f0}" --device "$device"
fi
