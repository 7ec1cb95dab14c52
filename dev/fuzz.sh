#!/usr/bin/env bash
# Shows the parser bytes nobody thought of: each target of dataplane/fuzz for some seconds (60 unless told otherwise).
# Coverage is measured with the compiler's own instrumentation, so that a stable Rust and a C++ compiler (libFuzzer is
# written in it) are all it takes. What it learns stays in target/fuzz/corpus, what breaks a promise in target/fuzz/found.
# usage: dev/fuzz.sh [SECONDS [TARGET...]]

source "$(dirname "$0")/env.sh"
seconds=${1:-60}
targets=("${@:2}"); [ ${#targets[@]} -gt 0 ] || targets=(http2 hpack fields grpc grpc_web conn http1 json sse)
find_cargo
if ! command -v "${CXX:-c++}" >/dev/null; then
    if [ -n "${CI:-}" ]; then die "fuzzing needs a C++ compiler." "Debian, Ubuntu: apt-get install g++"; fi
    note "fuzzing is left out: it needs a C++ compiler (Debian, Ubuntu: apt-get install g++)"
    exit
fi

fuzz=$ROOT/target/fuzz
mkdir -p "$fuzz/seeds" "$fuzz/found"
crate=(${CI:+--locked} --quiet --manifest-path dataplane/fuzz/Cargo.toml)
cargo run "${crate[@]}" --example seeds -- "$fuzz/seeds"

# Only code built for --target is instrumented; build scripts are not.
host=$(rustc -vV | sed -n 's/^host: //p')
coverage=(level=4 inline-8bit-counters pc-table trace-compares)
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module ${coverage[*]/#/-Cllvm-args=-sanitizer-coverage-}"
fuzzer=("${crate[@]}" --profile fuzz --target "$host" --features libfuzzer --bin fuzz)
note "compiling the fuzz targets"
cargo build "${fuzzer[@]}"

# Far above what a target needs; a single allocation of a megabyte is already a broken promise.
limits=(-timeout=10 -rss_limit_mb=512 -malloc_limit_mb=1 -max_len=8192)
failed=()
for target in "${targets[@]}"; do
    corpus=$fuzz/corpus/$target; log=$fuzz/$target.log
    mkdir -p "$corpus"
    note "fuzzing $target for $seconds s"
    if FUZZ_TARGET=$target cargo run "${fuzzer[@]}" -- -max_total_time="$seconds" "${limits[@]}" -print_final_stats=1 \
        -artifact_prefix="$fuzz/found/$target-" "$corpus" "$fuzz/seeds/$target" 2>"$log"; then
        grep -E 'DONE|average_exec_per_sec' "$log" >&2
    else
        failed+=("$target")
        grep -a -A 4 panicked "$log" >&2 || tail -n 30 "$log" >&2
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    die "broken by an input: ${failed[*]}" "the input is in target/fuzz/found; once mended, keep it in dataplane/fuzz/regressions/TARGET"
fi
