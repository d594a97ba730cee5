#!/usr/bin/env bash
# Installs what phylld needs to build and test from Debian 12 packages.
# Does nothing, quickly and without a network, when everything is there.
#
#   cmake/dependencies.sh           build and run
#   cmake/dependencies.sh --check   also what ./check needs (formatting, a client in Python)
set -euo pipefail

packages=(
    g++ cmake ninja-build ccache pkg-config protobuf-compiler
    libaravis-dev libasound2-dev libboost-dev libcli11-dev libeigen3-dev libfmt-dev libprotobuf-dev librandom123-dev libsdl2-dev
    libcairo2-dev libcsv-dev libhdf5-dev libjack-jackd2-dev libpng-dev liblbfgs-dev libsndfile1-dev libsodium-dev libspdlog-dev libsqlite3-dev libsystemd-dev
    libsqlitecpp-dev libtomlplusplus-dev libumockdev-dev libusb-1.0-0-dev libx11-dev libxrandr-dev libzip-dev libzmq3-dev
    cppzmq-dev nlohmann-json3-dev portaudio19-dev prometheus-cpp-dev zlib1g-dev
    catch2
)
[ "${1:-}" = "--check" ] && packages+=(alsa-utils aravis-tools aravis-tools-cli clang-19 clang-format-19 groff-base jackd2 libasound2-plugins libclang-rt-19-dev lxi-tools man-db python3 python3-h5py
    python3-protobuf python3-pyvisa-py python3-scikit-rf python3-usb python3-zmq systemd umockdev universal-ctags xvfb)

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "phylld needs these Debian packages: ${missing[*]}" >&2
        echo "Install them as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
