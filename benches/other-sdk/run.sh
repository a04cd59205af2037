#!/usr/bin/env bash
# Compares this client with other published ones; see src/main.rs.
#
# `ali-acs` speaks HTTPS with Alibaba's hosts only. In a copy of its published source, below target/, one line is
# changed so that it calls the URL in the variable ALI_ACS_URL instead, as the others call the server of the comparison.
# The variable is read once. Nothing of that source is kept in this repository.
set -euo pipefail
cd "$(dirname "$0")"
target=../../target/other-sdk
version=0.8.0
mkdir -p "$target/published/src"
touch "$target/published/src/lib.rs"
cat >"$target/published/Cargo.toml" <<TOML
[package]
name = "published"
edition = "2024"

[dependencies]
ali-acs = { version = "=$version", default-features = false }

[workspace]
TOML
# Cargo downloads the source and checks its hash.
manifest=$(cargo metadata --format-version 1 --manifest-path "$target/published/Cargo.toml" |
    grep -o "\"manifest_path\":\"[^\"]*/ali-acs-$version/Cargo.toml\"" | cut -d '"' -f 4)
patched=$target/ali-acs
before='let mut url = format!("https://{}{}", endpoint, url_path);'
# One line, so that everything else is compiled as published.
after='static AT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| std::env::var("ALI_ACS_URL").unwrap_or_default()); let _ = endpoint; let mut url = format!("{}{}", *AT, url_path);'
if [ "$(grep -cF "$before" "$(dirname "$manifest")/src/v3.rs")" != 1 ]; then
    echo "ali-acs $version: the line to change is not in src/v3.rs" >&2
    exit 1
fi
if ! grep -qF "$after" "$patched/src/v3.rs" 2>/dev/null; then
    rm -rf "$patched"
    cp -r "$(dirname "$manifest")" "$patched"
    rm -f "$patched/Cargo.lock" "$patched/Cargo.toml.orig"
    line=$(grep -nF "$before" "$patched/src/v3.rs" | cut -d : -f 1)
    { head -n $((line - 1)) "$patched/src/v3.rs"; echo "    $after"; tail -n +$((line + 1)) "$patched/src/v3.rs"; } >"$target/v3.rs"
    mv "$target/v3.rs" "$patched/src/v3.rs"
fi
exec cargo run --release --target-dir "$target/build" -- "$@"
