#!/usr/bin/env bash
# WaveRNN on a table of recordings; see `run.sh --help`.
set -euo pipefail
recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$recipe/../common/vocoder.sh"
