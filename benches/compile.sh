#!/usr/bin/env bash
# What the generated client costs to compile, beside the same types with serde derives. Prints processor seconds of the
# compiler for one crate alone, its dependencies being built; with GNU time also its peak memory. Takes about ten minutes;
# ROUNDS (3 unless set) says how often the first part is measured, of which the best counts.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_QUIET=true CARGO_INCREMENTAL=0
target=${CARGO_TARGET_DIR:-$PWD/target}
specimen=$target/compile-specimen
ROUNDS=${ROUNDS:-3}
TIMEFORMAT='%U %S'

# seconds FILE COMMAND...: processor seconds of a command after FILE was touched; the best of ROUNDS.
seconds() {
    local file=$1 best="" times spent
    shift
    for _ in $(seq "$ROUNDS"); do
        touch "$file"
        times=$( { time "$@" >/dev/null 2>&1; } 2>&1 | tail -1)
        spent=$(awk '{ printf "%.1f", $1 + $2 }' <<<"$times")
        best=$(printf '%s\n%s\n' "${best:-$spent}" "$spent" | sort -g | head -1)
    done
    printf '%s' "$best"
}

# memory FILE COMMAND...: peak memory of the largest process, in MB.
memory() {
    local file=$1
    shift
    touch "$file"
    if [ -x /usr/bin/time ]; then
        /usr/bin/time -f '%M' "$@" 2>&1 >/dev/null | tail -1 | awk '{ printf "%.0f", $1 / 1024 }'
    else
        printf 'not measured'
    fi
}

row() { printf '%-52s %10s   %s\n' "$1" "$2" "${3:-}"; }
size() { local copy; copy=$(mktemp); strip -o "$copy" "$1"; stat -c %s "$copy"; rm -f "$copy"; }

printf '%-52s %10s   %s\n' "generated client (macro included)" "CPU s" "at most"
lib=dyvmsapi/src/lib.rs
cargo check -p dyvmsapi && cargo build -p dyvmsapi && cargo build --release -p dyvmsapi
row "cargo check -p dyvmsapi" "$(seconds $lib cargo check -p dyvmsapi)" "5"
row "cargo build -p dyvmsapi" "$(seconds $lib cargo build -p dyvmsapi)" "6"
row "cargo build --release -p dyvmsapi" "$(seconds $lib cargo build --release -p dyvmsapi)" "6"
row "peak memory of the release build, MB" "$(memory $lib cargo build --release -p dyvmsapi)" "400"
for uses in none three all; do
    cargo build --release -p workspace-tests --example uses_$uses
done
for uses in none three all; do
    limit=""
    [ $uses = three ] && limit=2
    [ $uses = all ] && limit=22
    row "a program that uses $uses, release" \
        "$(seconds tests/examples/uses_$uses.rs cargo build --release -p workspace-tests --example uses_$uses)" "$limit"
done
none=$(size "$target/release/examples/uses_none")
row "stripped binary: three over none, KB" $((($(size "$target/release/examples/uses_three") - none) / 1024)) "250"
row "stripped binary: all over none, KB" $((($(size "$target/release/examples/uses_all") - none) / 1024))

# These take minutes, and are far from any limit: once is enough.
ROUNDS=1
printf '\n%-52s %10s\n' "the same types with serde derives" "CPU s"
mkdir -p "$specimen/src"
cargo run --release -p workspace-tests --example print_derives >"$specimen/src/lib.rs"
cat >"$specimen/Cargo.toml" <<'TOML'
[package]
name = "derives"
version = "0.0.0"
edition = "2024"

[profile.release]
codegen-units = 1

[dependencies]
serde = { version = "1", features = ["derive"] }
serde_json = "1"

[workspace]
TOML
cp Cargo.lock "$specimen/"
export CARGO_TARGET_DIR=$target/compile-specimen-target
manifest=(--manifest-path "$specimen/Cargo.toml")
# Dependencies first, with nothing of the specimen.
mv "$specimen/src/lib.rs" "$specimen/types.rs"
echo 'pub fn use_all(_: &str) -> usize { 0 }' >"$specimen/src/lib.rs"
cargo check "${manifest[@]}" --lib && cargo build "${manifest[@]}" && cargo build "${manifest[@]}" --release
mv "$specimen/types.rs" "$specimen/src/lib.rs"
row "cargo check" "$(seconds "$specimen/src/lib.rs" cargo check "${manifest[@]}" --lib)"
row "cargo build" "$(seconds "$specimen/src/lib.rs" cargo build "${manifest[@]}" --lib)"
# A function of the library reads and writes every type, so that this holds a program that uses all of them as well.
row "cargo build --release, every type used" "$(seconds "$specimen/src/lib.rs" cargo build "${manifest[@]}" --release --lib)"
