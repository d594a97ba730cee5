#!/usr/bin/env bash
# Tries the packages on a machine of their own: a Debian 12 that was just installed, in a folder, which systemd
# boots (systemd-nspawn), without a network of its own but for what apt needs beforehand. What is typed there
# are the commands of docs/operations.md, as they stand in it.
#
#   try_packages.sh <build>      as root; takes some minutes; needs mmdebstrap, systemd-nspawn and Debian's mirror
#                               (or the one that PHYLL_MIRROR names)
#
# First, in a folder where no systemd runs (a chroot, as when an image is built), the packages are installed and
# purged; then, on the machine that boots:
#   what "Install" and "First start" say, from nothing to a run that has finished;
#   "Upgrade", to packages of a higher version, under a run, which must end with the weights of an undisturbed one;
#   "Backup and restore"; a phylld that is killed; "Remove". What is left then is only what should be.
set -euo pipefail
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
document=$source/docs/operations.md
mirror=${PHYLL_MIRROR:-}
release=bookworm

say() { printf '== %s\n' "$*"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "this takes root: it makes a machine in a folder"
for tool in mmdebstrap systemd-nspawn nsenter python3; do
    command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install mmdebstrap systemd-container util-linux"
done

work=$(mktemp -d /var/tmp/try_packages.XXXXXX)
machine=
leader=
clean_up() {
    if [ -n "$machine" ] && kill -0 "$machine" 2>/dev/null; then
        kill -RTMIN+4 "$leader" 2>/dev/null || true # systemd: power off
        timeout 60 tail --pid="$machine" -f /dev/null || kill -KILL "$machine"
    fi
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

packages=(phyll-kernels phylld phyllctl)

say "packages of a higher version, of the same build"
cpack --config "$build/CPackConfig.cmake" -D CPACK_DEBIAN_PACKAGE_RELEASE=2 -B "$work/higher" >"$work/cpack.log" 2>&1 ||
    { cat "$work/cpack.log"; fail "cpack"; }

in_folder() { # in_folder <folder> <command>: no systemd runs there
    unshare --mount --pid --fork --mount-proc="$1/proc" chroot "$1" /usr/bin/env -i \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive \
        bash -euo pipefail -c "cd /root/packages; $2" >"$work/log" 2>&1 || { cat "$work/log"; fail "$3"; }
}

# What there is by our names, but for what dpkg and apt keep of packages, and what the test itself put there.
names_left() { # names_left <folder>
    (cd "$1" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o \
        -path ./var/cache -o -path ./var/log -o -path ./root/packages -o -path ./var/backups -o -path ./tmp \) -prune \
        -o -name '*phyll*' -print | sort)
}

say "a Debian in a folder"
# It keeps its lists of packages, and finds the mirror as this machine does.
mmdebstrap --quiet --variant=minbase --skip=cleanup/apt/lists --include=ca-certificates "$release" "$work/root" \
    ${mirror:+"$mirror"} >"$work/log" 2>&1 || { cat "$work/log"; fail "mmdebstrap"; }
cp --dereference /etc/resolv.conf "$work/root/etc/resolv.conf"
printf 'APT::Get::Assume-Yes "true";\nDPkg::Options:: "--force-confold";\n' >"$work/root/etc/apt/apt.conf.d/90try"
mkdir -p "$work/root/root/packages"
for package in "${packages[@]}"; do
    cp "$build/packages/${package}_"*.deb "$work/root/root/packages/"
done
cp --archive "$work/root" "$work/image"

say "where no systemd runs: install, purge"
in_folder "$work/image" "apt-get install ./*.deb" "apt install in a chroot"
in_folder "$work/image" "
    [ -L /etc/systemd/system/multi-user.target.wants/phylld.service ]
    [ ! -e /etc/systemd/system/multi-user.target.wants/phyllaudio.service ]
    [ \$(stat -c %U:%G:%a /var/lib/phylld) = phylld:phylld:750 ]
    [ \$(stat -c %a /run/lock/phylld) = 1777 ]
    phylld --check --config /etc/phylld/phylld.toml
    phyllctl --version" "what is installed in a chroot is not as it should be"
in_folder "$work/image" "apt-get purge phylld phyllctl phyll-kernels" "apt purge in a chroot"
left=$(names_left "$work/image")
[ -z "$left" ] || fail "of packages that were never used is left: $left"
rm -rf --one-file-system "$work/image"

say "a machine that was just installed"
in_folder "$work/root" "apt-get install --no-install-recommends systemd-sysv dbus udev kmod" "apt"
in_folder "$work/root" "apt-get install --download-only ./*.deb sqlite3" "apt --download-only"
useradd --root "$work/root" --create-home --shell /bin/bash anna
systemd-nspawn --quiet --boot --directory "$work/root" --private-network --register=no --keep-unit --console=pipe \
    </dev/null >"$work/console.log" 2>&1 &
machine=$!

on_machine() { # on_machine <command>
    nsenter --target "$leader" --all /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root \
        LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "cd /root/packages; $1"
}

until leader=$(pgrep --parent "$machine" | head -1) && [ -n "$leader" ] &&
    on_machine 'systemctl is-system-running --wait' >"$work/log" 2>&1; do
    kill -0 "$machine" 2>/dev/null || { cat "$work/console.log"; fail "the machine does not boot"; }
    grep -q degraded "$work/log" 2>/dev/null && break
done

# type_section <heading>: the blocks marked sh of a section, one after the other, each in a shell of its own.
type_section() {
    local block='' inside='' here='' line
    while IFS= read -r line; do
        case "$line" in
        '## '*) here=${line#'## '} ;;
        '```sh') [ "$here" = "$1" ] && inside=1 && block= ;;
        '```')
            if [ -n "$inside" ]; then
                inside=
                printf '%s' "$block" | sed 's/^/   $ /'
                on_machine "$block" </dev/null >"$work/log" 2>&1 || {
                    cat "$work/log"
                    on_machine "journalctl --unit phylld --no-pager --lines 40" || true
                    fail "what \"$1\" of $document says"
                }
                cat "$work/log" >>"$work/typed.log"
            fi
            ;;
        *) [ -n "$inside" ] && block+=$line$'\n' ;;
        esac
    done <"$document"
    return 0
}

serves() { on_machine "phyllctl rigs >/dev/null"; }
run_value() { # run_value <run> <key>
    on_machine "phyllctl --json run show $1" |
        python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1]).get(sys.argv[1], ""))' "$2"
}

say "Install, First start"
type_section "Install"
serves || fail "phylld does not serve after it was installed"
type_section "First start"
[ "$(run_value 1 state)" = succeeded ] || fail "the demo run has not succeeded: $(run_value 1 state)"
type_section "Keys"

say "Upgrade, under a run"
long="phyllctl run start /usr/share/doc/phyllctl/examples/vowels-demo.toml --set training.epochs=6000"
on_machine "$long --watch" >"$work/log" 2>&1 || { cat "$work/log"; fail "a long run"; }
on_machine "$long"
on_machine "phyllctl --json run watch 3 | grep --max-count 1 --quiet '\"event\":\"epoch\"'" || true # the watch is broken off
[ "$(run_value 3 state)" = running ] || fail "the run is over before the upgrade begins: make it longer"
before=$(on_machine "systemctl show --property MainPID --value phylld")
rm "$work"/root/root/packages/*.deb
for package in "${packages[@]}"; do
    cp "$work/higher/${package}_"*-2_*.deb "$work/root/root/packages/"
done
type_section "Upgrade"
[ "$(on_machine "systemctl show --property MainPID --value phylld")" != "$before" ] || fail "the upgrade restarts nothing"
on_machine "phyllctl run watch 3" >"$work/log" 2>&1 || { cat "$work/log"; fail "the run does not go on after the upgrade"; }
[ "$(run_value 3 interruptions)" = 1 ] || fail "the upgrade interrupted the run $(run_value 3 interruptions) times, not once"
[ -n "$(run_value 3 weights_sha256)" ] && [ "$(run_value 3 weights_sha256)" = "$(run_value 2 weights_sha256)" ] ||
    fail "the run that the upgrade interrupted has other weights"

say "Backup and restore"
on_machine "apt install sqlite3" >"$work/log" 2>&1 || { cat "$work/log"; fail "sqlite3"; }
type_section "Backup and restore"
[ "$(run_value 3 state)" = succeeded ] || fail "the run is not there after the restore"
[ "$(on_machine "sqlite3 /var/backups/phylld/phylld.db 'PRAGMA integrity_check'")" = ok ] || fail "the copy of the database"

say "a phylld that is killed"
on_machine "systemctl kill --signal KILL --kill-who main phylld"
on_machine "timeout 60 bash -c 'until phyllctl rigs >/dev/null 2>&1; do :; done'" || fail "it does not come back"
on_machine "journalctl --unit phylld --no-pager" | grep -q 'Scheduled restart job' || fail "systemd has not started it again"

say "Remove"
type_section "Remove"
on_machine "ls /var/lib/phylld/phylld.db /var/lib/phylld/runs/3 >/dev/null" || fail "purging removed what was measured"
on_machine "apt purge phyllctl phyll-kernels" >"$work/log" 2>&1
left=$(names_left "$work/root" | grep -v '^\./var/lib/phylld' || true)
[ -z "$left" ] || fail "is left: $left"
grep -q '^phylld:' "$work/root/etc/passwd" || fail "the user to whom the records belong is gone"

say "tried: install, first start, upgrade under a run, backup, restore, kill, remove, purge"
