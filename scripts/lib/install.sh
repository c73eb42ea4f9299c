#!/usr/bin/env bash
# usage: scripts/lib/install.sh [rust] [build] [cometbft] [clients] [books] [lint] [postgres] [cosmos] [machine]
#
# Installs what a fresh Debian or Ubuntu lacks, and only that; without arguments: everything
# but postgres, cosmos and machine.
#   rust      checks that cargo, rustfmt and clippy are there (adds the components through rustup)
#   build     g++ and libclang, which RocksDB needs to compile
#   cometbft  CometBFT at the pinned version, by `go install`
#   clients   Node.js and npm, for a client of others' that the tests run
#   books     hledger and jq, with which the tests check exports and outputs
#   lint      cargo-deny, beside the build results
#   postgres  PostgreSQL's programs, against which scripts/bench measures; no cluster is made
#   cosmos    a chain of the Cosmos SDK for the same, built by Go, beside the build results
#   machine   what makes and runs the machine whose power scripts/power-cuts cuts
# Needs root or sudo where a package is missing. Can be run again at any time: what is there is kept.
set -euo pipefail
# shellcheck source=scripts/lib/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

cargo_deny_version="0.20.2"

main() {
  local parts=("$@") part
  [ ${#parts[@]} -gt 0 ] || parts=(rust build cometbft clients books lint)
  for part in "${parts[@]}"; do
    case "$part" in
      rust | build | cometbft | clients | books | lint | postgres | cosmos | machine) ;;
      -h | --help) usage; exit 0 ;;
      *) wrong_usage "unknown: $part" ;;
    esac
  done

  for part in "${parts[@]}"; do "need_$part"; done
}

need_rust() {
  has cargo || die "cargo is missing. Install Rust 1.89 or newer: curl https://sh.rustup.rs -sSf | sh"
  local missing=()
  cargo fmt --version >/dev/null 2>&1 || missing+=(rustfmt)
  cargo clippy --version >/dev/null 2>&1 || missing+=(clippy)
  [ ${#missing[@]} -gt 0 ] || return 0

  has rustup || die "missing ${missing[*]}, and no rustup to add them. Install Rust by rustup: https://rustup.rs"
  say "rustup component add ${missing[*]}"
  rustup component add "${missing[@]}"
}

need_build() {
  local packages=()
  { has g++ && has make; } || packages+=(g++ make)
  has_libclang || packages+=(libclang-dev)
  install_packages "${packages[@]}"
  has_libclang || die "libclang is still not found. Set LIBCLANG_PATH to the directory that holds libclang.so"
}

need_books() {
  local packages=()
  has jq || packages+=(jq)
  has hledger || packages+=(hledger)
  install_packages "${packages[@]}"
}

need_clients() {
  local packages=()
  has node || packages+=(nodejs)
  has npm || packages+=(npm)
  install_packages "${packages[@]}"
}

need_cometbft() {
  local wanted="$POLITY_PINNED_COMETBFT" found
  found="$(cometbft version 2>/dev/null || true)"
  found="${found#v}"
  [ "$found" != "$wanted" ] || return 0

  has_go_for "CometBFT $wanted (found: ${found:-none})"
  say "go install cometbft v$wanted (found: ${found:-none})"
  go install "github.com/cometbft/cometbft/cmd/cometbft@v$wanted"
  hash -r
  found="$(cometbft version 2>/dev/null || true)"
  [ "${found#v}" = "$wanted" ] || die "cometbft $wanted was installed in $(go env GOPATH)/bin, but '$(command -v cometbft || echo nothing)' (${found:-absent}) comes first in PATH"
}

# The package would make and start a cluster of its own, which nobody needs here.
need_postgres() {
  ! compgen -G '/usr/lib/postgresql/*/bin/pgbench' >/dev/null || return 0

  install_packages postgresql-common
  as_root mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.d/polity.conf >/dev/null
  install_packages postgresql
}

# Go itself finds out whether anything is to be done.
need_cosmos() {
  has_go_for "the Cosmos SDK's chain"
  say "go build cosmos-bank (kept in $POLITY_TOOLS)"
  (cd "$POLITY_ROOT/tests/rivals/cosmos" && go build -mod=readonly -o "$POLITY_TOOLS/bin/cosmos-bank" .)
}

need_machine() {
  local packages=()
  has debootstrap || packages+=(debootstrap)
  has mke2fs || packages+=(e2fsprogs)
  has qemu-system-x86_64 || packages+=(qemu-system-x86)
  has nbdkit || packages+=(nbdkit)
  install_packages "${packages[@]}"
}

# Built for a short compilation, because it runs for a second: without link-time optimisation.
need_lint() {
  [ "$(cargo-deny --version 2>/dev/null || true)" != "cargo-deny $cargo_deny_version" ] || return 0

  say "cargo install cargo-deny $cargo_deny_version (kept in $POLITY_TOOLS)"
  CARGO_TARGET_DIR="$POLITY_TOOLS/build" cargo install cargo-deny --locked --quiet \
    --version "$cargo_deny_version" --root "$POLITY_TOOLS" \
    --config 'profile.release.lto=false' \
    --config 'profile.release.codegen-units=16' \
    --config 'profile.release.opt-level=1'
  rm -rf "$POLITY_TOOLS/build"
}

install_packages() {
  [ $# -gt 0 ] || return 0
  has apt-get || die "missing: $*. This script installs by apt-get only; install them by your system's means"
  [ "$(id -u)" -eq 0 ] || has sudo || die "missing: $*. Run as root: apt-get install --no-install-recommends $*"

  say "apt-get install $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

has_go_for() {
  has go || die "Go is missing, which builds $1. Install Go 1.22 or newer, then run this again.
  Debian or Ubuntu: apt-get install golang-go (where that is older than 1.22: from https://go.dev/dl,
  unpacked by: tar -C /usr/local -xzf go1.*.linux-*.tar.gz)"
}

has() { command -v "$1" >/dev/null 2>&1; }

# As bindgen looks for it; libclang-cpp, which other packages bring, is another library.
has_libclang() {
  local directory
  for directory in "${LIBCLANG_PATH:-}" /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib64 /usr/lib; do
    if compgen -G "$directory/libclang.so*" >/dev/null || compgen -G "$directory/libclang-[0-9]*.so*" >/dev/null; then
      return 0
    fi
  done
  return 1
}

main "$@"
