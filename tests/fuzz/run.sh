#!/usr/bin/env bash
# Runs fuzzers, one after the other, and goes on with the next when one found something.
#
#   run.sh <seconds> <folder> <program>...
#   run.sh --test <folder> <program>...
#
# Of each program NAME_fuzz the seeds are in corpus/NAME beside this; what it finds new to go on from is kept
# in <folder>/NAME/corpus, and what is a finding in <folder>/NAME/findings. --test forgets both first and runs
# so many inputs as there are in a few seconds, the same each time: it judges a change by the change, not by
# its luck.
set -uo pipefail

options=(-max_len=4096 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=64 -print_final_stats=1 -print_funcs=0)
if [ $# -lt 3 ]; then
    sed -n 's/^#   //p' "$0" >&2
    exit 2
fi
test= fixed=()
if [ "$1" = --test ]; then
    test=1 seconds=10
    options+=(-seed=1 -runs=1000 -verbosity=0)
    # What libFuzzer takes from comparisons is addresses, too. Where a container forbids it, inputs differ.
    ! setarch -R true 2>/dev/null || fixed=(setarch -R)
else
    seconds=$1
fi
folder=$2
shift 2

here=$(dirname "$(readlink -f "$0")")
sources=$(cd "$here/../.." && pwd)
# Stacks that outlive their function are not looked for: each of the many exceptions would take twice as long.
export ASAN_OPTIONS=detect_stack_use_after_return=0:external_symbolizer_path=/usr/bin/addr2line
export LSAN_OPTIONS=print_suppressions=0:suppressions=$sources/cmake/lsan.supp

# Who interrupts one does not want the others either.
trap 'exit 130' INT TERM

failed=()
for program in "$@"; do
    name=$(basename "$program" _fuzz)
    own=$folder/$name
    [ -z "$test" ] || rm -rf "$own"
    mkdir -p "$own/corpus" "$own/findings"
    dictionary=()
    [ ! -f "$here/$name.dict" ] || dictionary=(-dict="$here/$name.dict")
    printf '== %s: at most %s s\n' "$name" "$seconds"
    "${fixed[@]}" "$program" "${options[@]}" "${dictionary[@]}" -max_total_time="$seconds" \
        -artifact_prefix="$own/findings/" "$own/corpus" "$here/corpus/$name" || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "findings of: ${failed[*]}; the inputs are in $folder" >&2
    exit 1
fi
