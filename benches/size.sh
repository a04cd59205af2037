#!/usr/bin/env bash
# Prints the size of the stripped command with each set of features, beside that without any: the floor.
set -euo pipefail
cd "$(dirname "$0")/.."

size() {
    cargo build --quiet --release --locked -p dyvms --no-default-features --features "$1"
    strip -o target/release/dyvms-stripped target/release/dyvms
    stat -c %s target/release/dyvms-stripped
}

floor=$(size "")
for features in "" explorer explorer,parquet; do
    bytes=$(size "$features")
    awk -v name="${features:-none}" -v bytes="$bytes" -v floor="$floor" \
        'BEGIN { printf "%-18s %5.1f MB, %.2f of the floor, %+.1f MB\n", name, bytes / 1e6, bytes / floor, (bytes - floor) / 1e6 }'
done
