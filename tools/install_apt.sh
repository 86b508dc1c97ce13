#!/usr/bin/env bash
# Install the Debian packages of tools/apt.txt that are missing; without root or apt it only says which.
set -euo pipefail
cd "$(dirname "$0")"

wanted=$(grep -vE '^\s*(#|$)' apt.txt)
missing=()
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed, tests that need them will be skipped: ${missing[*]}"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
