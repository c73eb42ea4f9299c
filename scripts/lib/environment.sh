# usage: source scripts/lib/environment.sh
#
# Where things are, and how a script speaks, for every script of the repository. To be sourced by bash;
# prints nothing by itself.
# shellcheck shell=bash
set -euo pipefail

# The checkout.
POLITY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export POLITY_ROOT

# Build results live outside the checkout, so that another clone, or the next run of CI, reuses them:
# RocksDB alone is twenty minutes of compiling.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/polity/target}"

# Programs that the scripts install for themselves (cargo-deny) live beside the build results.
POLITY_TOOLS="$CARGO_TARGET_DIR/tools"
export POLITY_TOOLS

# The version of CometBFT that tendermint-rs 0.41 speaks. The newest release is another line.
# (Not POLITY_COMETBFT_…: polityd would take that for a setting of its own.)
POLITY_PINNED_COMETBFT="0.38.25"
export POLITY_PINNED_COMETBFT

# Programs installed by rustup and by `go install` are found although a login shell did not say so.
PATH="$PATH:$HOME/.cargo/bin:/usr/local/go/bin:/usr/lib/go/bin:$POLITY_TOOLS/bin"
if [ -n "${GOBIN:-}" ]; then
  PATH="$GOBIN:$PATH"
else
  PATH="$PATH:${GOPATH:-$HOME/go}/bin"
fi
export PATH

say() { printf '== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Before anybody goes elsewhere.
script="$(cd "$(dirname "$0")" && pwd)/${0##*/}"

# A script's usage is the comment at its head; the first line of that says how it is called.
usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$script"; }
wrong_usage() {
  local name="${0##*/}"
  printf '%s: %s\n' "${name%.sh}" "$1" >&2
  sed -n '2s/^# //p' "$script" >&2
  exit 2
}

# Instructions that newer processors verify signatures faster with are compiled in beside the others; the program asks
# the processor when it starts. Plain `cargo build` leaves them out.
if [ "$(uname -m)" = x86_64 ]; then
  export CARGO_CFG_CURVE25519_DALEK_BACKEND=avx512
fi
