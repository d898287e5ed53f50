#!/bin/sh
# Makes the file system of sidetap's image: image/build.sh amd64|arm64 OUT
#
# Run by the Dockerfile, and by `cargo xtask image` without one. The same source gives the same binary, wherever it lies.
set -eu
# Names are sorted alike, and files may be read by everybody, whoever makes it.
export LC_ALL=C
umask 022
arch=$1 out=$(realpath --canonicalize-missing "$2")
cd "$(dirname "$0")/.."

case $arch in
  # As uname names it, and as the header of an ELF file does.
  amd64) machine=x86_64 elf=62 ;;
  arm64) machine=aarch64 elf=183 ;;
  *) echo "sidetap's image is for amd64 and arm64, not for $arch" >&2; exit 64 ;;
esac
target=$machine-unknown-linux-gnu
if [ "$machine" != "$(uname -m)" ]; then
  rustup target add "$target"
  compiler=$machine-linux-gnu-gcc
  variable=$(echo "$target" | tr - _)
  export "CARGO_TARGET_$(echo "$variable" | tr a-z A-Z)_LINKER=$compiler" "CC_$variable=$compiler"
fi

notices=$(mktemp)
trap 'rm -f "$notices"' EXIT
cargo xtask licences "$target" "$notices"

# Static, because there is nothing else in the image. Paths of this machine would make it another binary elsewhere.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$PWD=/sidetap --remap-path-prefix=$cargo_home=/cargo"
export RUSTFLAGS CARGO_INCREMENTAL=0
cargo build --locked --release --no-default-features --features engine --bin sidetap --target "$target"

program=${CARGO_TARGET_DIR:-target}/$target/release/sidetap
found=$(od -A n -j 18 -N 1 -t u1 "$program" | tr -d ' ')
if [ "$found" != "$elf" ]; then
  echo "$program is no program for $arch: its ELF header says machine $found, not $elf" >&2
  exit 1
fi

# Mozilla's authorities alone: /etc/ssl/certs has those, too, that an administrator of this machine has added.
authorities=/usr/share/ca-certificates/mozilla
if ! ls "$authorities"/*.crt > /dev/null 2>&1; then
  echo "there are no certificates in $authorities; install the package ca-certificates of Debian or Ubuntu" >&2
  exit 1
fi

rm -rf "$out"
mkdir -p "$out/usr/local/bin" "$out/bin" "$out/etc/ssl/certs" "$out/tmp" "$out/usr/share/doc/sidetap"
install -m 755 "$program" "$out/usr/local/bin/sidetap"
# Whoever has Levo's container definition starts ./bin/init.
ln -s ../usr/local/bin/sidetap "$out/bin/init"
cat "$authorities"/*.crt > "$out/etc/ssl/certs/ca-certificates.crt"
install -m 644 LICENSE "$out/usr/share/doc/sidetap/"
install -m 644 "$notices" "$out/usr/share/doc/sidetap/THIRD-PARTY-LICENSES.txt"
echo 'root:x:0:0:root:/:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin' > "$out/etc/passwd"
echo 'root:x:0:
nogroup:x:65534:' > "$out/etc/group"
chmod 1777 "$out/tmp"
# A user who is not root may listen as well.
setcap cap_net_raw+ep "$out/usr/local/bin/sidetap"
find "$out" -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH:-0}" {} +
