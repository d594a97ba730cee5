#!/usr/bin/env bash
# clang-tidy 19 over the sources, on all cores; what it checks is in .clang-tidy.
#
#   cmake/tidy.sh              everything under drivers, sim, daemon and clients
#   cmake/tidy.sh COMMIT       what differs from that commit; a header by way of a source that includes it
#   cmake/tidy.sh FILE...      these sources, named from the top of the tree
#
# JOBS=n runs n at a time. Fails when anything is found. The whole tree takes long, since every source is
# analysed with all that it includes: some ten seconds of processor time for each.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/dev
rooms=(drivers sim daemon clients)

# Prints one source that includes the header, if need be by way of other headers.
source_of() { # source_of <header> <depth left>
    local includers inner
    includers=$(git grep -lF "#include \"$1\"" -- "${rooms[@]}" || true)
    grep -m1 '\.cpp$' <<<"$includers" && return
    (($2 > 0)) || return 0
    for inner in $includers; do
        source_of "$inner" $(($2 - 1)) | grep -m1 . && return
    done
    return 0
}

changed() { # changed <commit>
    local file
    git diff --name-only --diff-filter=d "$1" -- "${rooms[@]}" | while read -r file; do
        case $file in
        *.cpp) echo "$file" ;;
        *.hpp) source_of "$file" 4 ;;
        esac
    done | sort -u
}

if (($# == 0)); then
    files=$(git ls-files -- "${rooms[@]}" | grep '\.cpp$')
elif (($# == 1)) && [[ ! -f $1 ]]; then
    base=$(git rev-parse --verify "$1^{commit}")
    files=$(changed "$base")
else
    files=$(printf '%s\n' "$@")
fi

if ! command -v clang-tidy-19 >/dev/null; then
    echo "clang-tidy-19 is missing: apt-get install clang-tidy-19" >&2
    exit 2
fi

# Only what protoc writes has to be there beforehand.
cmake --preset dev >/dev/null
ninja -C "$build" -t targets all | sed -n "s|^\($PWD/.*\.pb\.h\): .*|\1|p" | xargs ninja -C "$build" --quiet

xargs --no-run-if-empty -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-19 -p "$build" --quiet \
    <<<"$files" 2> >(grep -Ev '^[0-9]+ warnings? generated' >&2)
