#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gets a real plugin host to test in: Debian sid's sysdig with the libraries it needs and the plugin API's header.
#
# usage: tests/get-host.sh [DIR]        DIR is .cache/host in the project's root, unless said otherwise
#   DIR/sysdig                          runs it, with its own loader and libraries
#   DIR/root/usr/include/falcosecurity  has plugin/plugin_api.h
#   DIR/ok                              is there when all is; its lines are what this script prints: the versions
#
# Unpacked by apt and dpkg-deb, nothing is installed: about 20 MB come over the network and 35 MB stay, all in DIR.
# Exits with 3 and says "skipped: ..." where that cannot be done: no Debian, no amd64, no network.
set -eu

skip() {
    echo "skipped: $*"
    exit 3
}

project=$(cd "$(dirname "$0")/.." && pwd)
dir=${1:-$project/.cache/host}
if [ -e "$dir/ok" ]; then
    cat "$dir/ok"
    exit 0
fi

for tool in apt-get dpkg dpkg-deb; do
    command -v "$tool" >/dev/null || skip "there is no $tool here, and the host is taken from Debian's packages"
done
[ "$(dpkg --print-architecture)" = amd64 ] || skip "Debian's package of the host is unpacked for amd64 only"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keyring" ] || skip "there is no $keyring to check Debian's packages with"
# The mirror that this machine uses already: the first that apt's sources name, in either of their two formats.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    grep -v '^ *#' | grep -oE '[a-z]+://[^] ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
[ -n "$mirror" ] || skip "apt's sources name no mirror of Debian"

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$dir/apt
rm -rf "$work" "$dir/root"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial" "$dir/root"

cat >"$work/sources/sid.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: sid
Components: main
Architectures: amd64
Signed-By: $keyring
SOURCES

# An apt that knows of sid alone, of no installed package, and of no folder outside this one.
apt() {
    apt-get -qq \
        -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources" \
        -o Dir::State::Lists="$work/lists" -o Dir::State::Status=/dev/null \
        -o Dir::Cache="$work/cache" -o Dir::Cache::PkgCache= -o Dir::Cache::SrcPkgCache= \
        -o APT::Sandbox::User="$(id -un)" -o APT::Architecture=amd64 -o Acquire::Languages=none \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false \
        "$@"
}
apt update >"$work/log" 2>&1 && ls "$work"/lists/*Packages* >/dev/null 2>&1 ||
    skip "Debian's list of packages could not be fetched: $(tail -n 1 "$work/log")"
apt -y --no-install-recommends --download-only install sysdig libfalcosecurity0-dev >"$work/log" 2>&1 ||
    skip "Debian's packages could not be fetched: $(tail -n 1 "$work/log")"

for package in "$work"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$dir/root"
done
version() {
    dpkg-deb -f "$work/cache/archives/$1"_*.deb Version
}
sysdig_version=$(version sysdig)
dpkg --compare-versions "$sysdig_version" ge 0.41 || {
    echo "get-host.sh: sid has sysdig $sysdig_version, and the tests need 0.41" >&2
    exit 1
}

cat >"$dir/sysdig" <<'SYSDIG'
#!/bin/sh
# Made by tests/get-host.sh: sysdig with the libraries beside it, not this machine's.
here=$(cd "$(dirname "$0")" && pwd)
libraries=$here/root/usr/lib/x86_64-linux-gnu
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$here/root/usr/bin/sysdig" "$@"
SYSDIG
chmod +x "$dir/sysdig"
"$dir/sysdig" --version >/dev/null || {
    echo "get-host.sh: the unpacked sysdig does not run" >&2
    exit 1
}

api=$(awk '/^#define PLUGIN_API_VERSION_M(AJOR|INOR) |^#define PLUGIN_API_VERSION_PATCH / { text = text "." $3 }
    END { print substr(text, 2) }' "$dir/root/usr/include/falcosecurity/plugin/plugin_api.h")
printf 'sysdig %s\nlibfalcosecurity %s\nplugin API %s\n' \
    "$sysdig_version" "$(version libfalcosecurity0-dev)" "$api" >"$work/ok"
mv "$work/ok" "$dir/ok"
cat "$dir/ok"
