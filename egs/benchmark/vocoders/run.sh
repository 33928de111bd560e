#!/usr/bin/env bash
# Every vocoder at a small size, on one corpus, with one number of steps: a table of figures.
# Run it again after an interruption: finished systems are kept.
set -euo pipefail

benchmark=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=${benchmark%/egs/*}
corpus=mini
test=
steps=300
exp=$benchmark/exp
device=auto
seconds=2
limit=8
systems=(hifigan bigvgan melgan univnet nsf_hifigan apnet istftnet vocos diffwave wavegrad waveglow wavernn wavenet)

usage() {
  cat <<EOF
Usage: run.sh [OPTION VALUE]...

  --corpus TABLE  training table, its first column audio; or mini (default $corpus)
  --test TABLE    recordings to vocode; those of mini where the corpus is
  --steps N       of every training (default $steps)
  --systems LIST  by commas (default: all)
  --limit N       test recordings (default $limit)
  --seconds S     of each (default $seconds); autoregressive vocoders take a minute for one
  --exp DIR       where everything goes (default exp)
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
    --systems) (($# >= 2)) || fail "--systems needs a value"; IFS=, read -r -a systems <<<"$2"; shift 2 ;;
    --corpus | --test | --steps | --limit | --seconds | --exp | --device)
      (($# >= 2)) || fail "$1 needs a value"
      declare "${1#--}=$2"
      shift 2 ;;
    *) fail "no option $1; see run.sh --help" ;;
  esac
done
if [[ $corpus == mini && -z $test ]]; then
  test=$repository/egs/datasets/mini/test.csv
fi
[[ -e $test ]] || fail "no test recordings: name a table with --test"
for system in "${systems[@]}"; do
  [[ -f $repository/egs/vocoder/$system/conf/small.json5 ]] || fail "no vocoder $system"
done
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"

for system in "${systems[@]}"; do
  place=$exp/$system
  [[ -f $place/done ]] && continue
  echo "== $system"
  "$repository/egs/vocoder/$system/run.sh" --corpus "$corpus" --test "$test" --size small --exp "$place" \
    --stop-stage 4 --device "$device" --set "train.max_steps=$steps" --set "train.validate_every=$steps" \
    --set "train.save_every=$steps"
  python "$repository/egs/vocoder/common/local/resynthesize.py" --model "$place/run" --table "$test" \
    --out "$place/wavs" --limit "$limit" --seconds "$seconds" --device "$device"
  hiervox evaluate --reference "$place/wavs/recorded" --generated "$place/wavs/generated" \
    --out "$place/scores" --metrics pesq_torch,stft,mcd,f0 --players none --device "$device" >/dev/null
  touch "$place/done"
done
python "$benchmark/local/table.py" --exp "$exp" --systems "$(IFS=,; echo "${systems[*]}")" \
  --out "$exp/RESULTS.md"
