#!/usr/bin/env bash
# at_level.sh LEVEL PROGRAM: runs the program with the kernels of one level of x86-64.
# Exit status 77 when the machine does not have it.
set -euo pipefail
loader=/lib64/ld-linux-x86-64.so.2

if [ "$1" = x86-64 ]; then
    mask=none # no folder of a level is called that: the baseline is what remains
elif "$loader" --help | grep -q "^  $1 (supported"; then
    mask=$1
else
    echo "skipped: this machine does not have $1"
    exit 77
fi
PHYLL_TEST_KERNEL_LEVEL=$1 exec "$loader" --glibc-hwcaps-mask "$mask" "${@:2}"
