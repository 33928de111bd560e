#!/usr/bin/env bash
# WaveGrad 2 in small: from a table of recordings to a trained model, a schedule of six steps, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=wavegrad2
source "${recipe%/egs/*}/egs/tts/common/mini.sh"
source "$recipe/../common/scheduled.sh"
items=4 tries=50

main "$@"
