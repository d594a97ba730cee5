#!/usr/bin/env bash
# Looks at what `cmake --install` puts into an empty folder, as if that were the machine's root.
#
#   installed.sh units|manuals|completion|outside <build>
#
# Exit status 77: what is needed for it is not there.
set -euo pipefail
what=$1
build=$2
source=$(cd "$(dirname "$0")/../.." && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

install() { # install <package> ...
    for package in "$@"; do
        DESTDIR=$root cmake --install "$build" --prefix /usr --component "$package" >/dev/null
    done
}

fail() {
    echo "$*" >&2
    exit 1
}

needs() {
    command -v "$1" >/dev/null && return
    echo "$1 is not there: passed over"
    exit 77
}

# systemd finds nothing to say of the units, which stand in the folder of this machine's own ones.
check_units() {
    needs systemd-analyze
    install phylld phyllctl
    mkdir -p "$root/bin"
    cp --no-clobber --recursive --no-dereference /usr/lib/systemd/system/. "$root/usr/lib/systemd/system/"
    for program in /bin/kill /usr/bin/xinit; do # other packages'
        printf '#!/bin/sh\n' >"$root$program"
        chmod +x "$root$program"
    done
    local units=(phylld.service phyllaudio.service phyllslm.service)
    local said
    said=$(MANPATH=$root/usr/share/man systemd-analyze verify --root="$root" "${units[@]}" 2>&1) || true
    [ -z "$said" ] || fail "systemd-analyze verify says: $said"
    # It says something where there is something to say.
    sed -i 's/^Restart=on-failure/Restart=sometimes/' "$root/usr/lib/systemd/system/phylld.service"
    said=$(MANPATH=$root/usr/share/man systemd-analyze verify --root="$root" phylld.service 2>&1) || true
    [ -n "$said" ] || fail "systemd-analyze verify says nothing of a unit that is wrong"

    systemd-sysusers --root="$root" phylld.conf
    for user in phylld phyllaudio phyllslm; do
        grep -q "^$user:" "$root/etc/passwd" || fail "systemd-sysusers makes no user $user"
    done
    systemd-tmpfiles --root="$root" --create phylld.conf
    [ "$(stat -c %a "$root/run/lock/phylld")" = 1777 ] || fail "/run/lock/phylld is not everybody's"
    [ "$(stat -c %a "$root/var/lib/phylld")" = 750 ] || fail "/var/lib/phylld is not phylld's and its group's"

    # The configuration that comes with it is one, and serves what phylld without a configuration does, and metrics.
    "$build/bin/phylld" --check --config "$root/etc/phylld/phylld.toml" >"$root/configured"
    sed -i '/^metrics would be served at .*:9464/d' "$root/configured"
    "$build/bin/phylld" --check >"$root/built-in"
    diff "$root/built-in" "$root/configured" || fail "/etc/phylld/phylld.toml serves something else"
}

# groff finds nothing to say of the manual pages, which have every command and option that --help has.
check_manuals() {
    needs man
    needs groff
    install phylld phyllctl phyllsim
    local page name said
    for page in phylld.8 phyllctl.1 phyllsim.1 phyllslm.1 phyllaudio.1; do
        name=${page%.*}
        page=$root/usr/share/man/man${page#*.}/$page.gz
        [ -f "$page" ] || fail "there is no manual page $page"
        said=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >"$root/$name.txt")
        [ -z "$said" ] || fail "man says of $page: $said"
        # Every option of --help is there; --help itself stands for those that no page leaves out.
        for option in $("$build/bin/$name" --help | grep -oE '(^|[ ,])--[a-z][a-z-]+' | tr -d ' ,' | sort -u); do
            grep -q -e "$option" "$root/$name.txt" || fail "the page of $name says nothing of $option"
        done
        for section in NAME SYNOPSIS DESCRIPTION OPTIONS "SEE ALSO"; do
            grep -q "^$section" "$root/$name.txt" || fail "the page of $name has no section $section"
        done
    done
    grep -qi '^ *run start .OPTIONS. file' "$root/phyllctl.txt" || fail "the page of phyllctl has no command run start"
    ! grep -q -e '--manual' "$root"/*.txt || fail "a page tells of what is hidden"
}

# Completes a line as bash does, and compares.
complete_line() { # complete_line <expected words> <word> ...
    local expected=$1 word found
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    "_$1"
    found=" ${COMPREPLY[*]} "
    for word in $expected; do
        [[ $found == *" $word "* ]] || fail "'$*' is completed by$found, not by $word"
    done
    [ -n "$expected" ] || [ "${#COMPREPLY[@]}" = 0 ] || fail "'$*' is completed by$found"
}

check_completion() {
    install phylld phyllctl phyllsim
    local program
    for program in phylld phyllctl phyllsim; do
        bash -n "$root/usr/share/bash-completion/completions/$program"
        # shellcheck disable=SC1090
        source "$root/usr/share/bash-completion/completions/$program"
        complete -p "$program" >/dev/null
    done
    set +e # What is completed runs in a shell of people's.
    complete_line "rigs run rig data key" phyllctl ""
    complete_line "start show watch" phyllctl run ""
    complete_line "start" phyllctl --json run sta
    complete_line "start" phyllctl --lab run run sta
    complete_line "--seeds --watch --json" phyllctl run start --
    complete_line "--watch" phyllctl run start file.toml --wat
    complete_line "" phyllctl run start fil
    complete_line "drive physical" phyllctl query cavity --units ""
    complete_line "trace warn" phylld --log-level ""
    complete_line "warn" phylld --log-level = w
    complete_line "trace" phylld --log-level =
    complete_line "" phylld --config ""
    complete_line "--config --make-safe" phylld -
    complete_line "status misbehave" phyllsim ctl ""
    complete_line "" phyllctl lease run -- ""
    COMP_WORDS=(phyllctl run start --)
    COMP_CWORD=3
    _phyllctl
    [[ " ${COMPREPLY[*]} " != *" --manual "* ]] || fail "what is hidden is completed"
}

# A rig that is built with what libphyll-dev has, and with nothing of the tree.
check_outside() {
    install libphyll-dev phyll-kernels
    local examples=$root/usr/share/doc/libphyll-dev/examples
    cp -r "$examples" "$root/mine"
    cmake -S "$root/mine/outside-the-tree" -B "$root/built" -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_PREFIX_PATH="$root/usr" >"$root/log" 2>&1 || fail "$(cat "$root/log")"
    ! grep -q "$source" "$root/built/CMakeCache.txt" || fail "what is installed names the tree"
    cmake --build "$root/built" >"$root/log" 2>&1 || fail "$(cat "$root/log")"
    local said
    said=$("$root/built/own_rig")
    [ "$said" = "static-response: 3 drives, 3 responses, on awg and scope" ] || fail "own_rig says: $said"
}

"check_$what"
