#!/usr/bin/env bash
# WaveGrad 2 on LJ Speech, Base or Large: from the download to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=wavegrad2
source "${recipe%/egs/*}/egs/tts/common/ljspeech.sh"
source "$recipe/../common/scheduled.sh"
size=base
extra+=(size)
extra_about+=("--size NAME     base or large (default $size)")

main "$@"
