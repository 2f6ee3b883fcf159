#!/bin/sh
# Installs silo for the current user, without root:
#   curl -fsSL https://github.com/owner.invalid/silo/releases/latest/download/install.sh | sh
#   … | sh -s -- --uninstall        removes what it installed
# Variables: SILO_VERSION=0.1.0 (default: the newest), SILO_BIN=~/bin (default: ~/.local/bin), SILO_RELEASES=<a mirror>.
set -eu
umask 022

repository=owner.invalid/silo
releases=${SILO_RELEASES:-https://github.com/$repository/releases}
releases=${releases%/}
bin=${SILO_BIN:-$HOME/.local/bin}
data=${XDG_DATA_HOME:-$HOME/.local/share}
receipt=$data/silo/installed

say() { printf 'silo: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# Prints the target as the archives name it.
target() {
  case $(uname -s) in
    Darwin) os=darwin ;;
    Linux) os=linux ;;
    *) fail "unsupported operating system: $(uname -s)" ;;
  esac
  case $(uname -m) in
    arm64 | aarch64) arch=arm64 ;;
    # A shell that runs under Rosetta reports x86_64 on an arm64 Mac.
    x86_64 | amd64) arch=x64; [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" != 1 ] || arch=arm64 ;;
    *) fail "unsupported processor: $(uname -m)" ;;
  esac
  libc=
  if [ "$os" = linux ] && ! has_glibc; then libc=-musl; fi
  printf '%s-%s%s\n' "$os" "$arch" "$libc"
}

# Checks ldd first, because a glibc system may have musl's loader too, and the reverse.
has_glibc() {
  case $(ldd --version 2>&1) in *musl*) return 1 ;; esac
  for loader in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* /usr/lib64/ld-linux-*.so.* /usr/lib/ld-linux-*.so.*; do
    [ ! -e "$loader" ] || return 0
  done
  ! ls /lib/ld-musl-* >/dev/null 2>&1 # anything else, such as NixOS, gets the glibc build
}

# fetch ADDRESS FILE
fetch() {
  if has curl; then curl -fsSL --retry 2 -o "$2" "$1"
  elif has wget; then wget -q -O "$2" "$1"
  else fail "curl or wget is required"; fi || fail "cannot download $1"
}

sum_of() {
  if has sha256sum; then sha256sum "$1"
  elif has shasum; then shasum -a 256 "$1"
  elif has openssl; then openssl dgst -sha256 -r "$1"
  else fail "sha256sum, shasum or openssl is required"; fi | cut -d' ' -f1
}

# put FILE PLACE: replaces the file atomically, also while the old version is running
put() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new.$$"
  mv -f "$2.new.$$" "$2"
}

install_from() {
  put "$1/silo" "$bin/silo"
  put "$1/completions/silo.bash" "$data/bash-completion/completions/silo"
  put "$1/completions/silo.fish" "$data/fish/vendor_completions.d/silo.fish"
  for name in LICENSE NOTICE THIRD-PARTY-LICENSES.txt completions/_silo; do put "$1/$name" "$data/silo/${name##*/}"; done
  # silo compares its own path with the first line; --uninstall removes every path listed.
  {
    printf '%s/silo\n' "$(cd -P "$bin" && pwd -P)"
    for file in bash-completion/completions/silo fish/vendor_completions.d/silo.fish \
      silo/LICENSE silo/NOTICE silo/THIRD-PARTY-LICENSES.txt silo/_silo; do printf '%s/%s\n' "$data" "$file"; done
  } >"$work/receipt"
  put "$work/receipt" "$receipt"
}

uninstall() {
  [ -f "$receipt" ] || fail "nothing to uninstall: $receipt not found"
  while IFS= read -r file; do rm -f "$file"; done <"$receipt"
  rm -f "$receipt"
  rmdir "$data/silo" 2>/dev/null || :
  say "removed; settings and caches are kept in ~/.config/silo, ~/.cache/silo and ~/.local/state/silo"
}

hints() {
  case :$PATH: in
    *:"$bin":*) ;;
    *) say "add it to your PATH: export PATH=\"$bin:\$PATH\"" ;;
  esac
  say "for completion in zsh, add fpath=($data/silo \$fpath) to ~/.zshrc before compinit"
  say "next: silo doctor"
}

main() {
  if [ "${1:-}" = --uninstall ]; then uninstall; exit; fi
  [ $# -eq 0 ] || fail "unexpected argument $1; the only option is --uninstall"
  name=$(target)
  work=$(mktemp -d)
  trap 'rm -rf "$work" "$bin/silo.new.$$"' EXIT
  trap 'exit 130' INT TERM HUP
  place=latest/download
  [ -z "${SILO_VERSION:-}" ] || place=download/v${SILO_VERSION#v}
  fetch "$releases/$place/checksums.txt" "$work/sums"
  read -r sum archive <<END
$(grep -e "  silo-[^/]*-$name\.tar\.gz\$" "$work/sums" || :)
END
  [ -n "$archive" ] || fail "this release has no archive for $name"
  version=${archive#silo-}
  version=${version%-"$name".tar.gz}
  if [ -f "$receipt" ] && [ "$("$bin/silo" --version 2>/dev/null)" = "silo $version" ]; then
    say "$bin/silo is already version $version"
    exit
  fi
  say "downloading $archive"
  fetch "$releases/download/v$version/$archive" "$work/$archive"
  [ "$(sum_of "$work/$archive")" = "$sum" ] || fail "checksum of $archive does not match checksums.txt; nothing was installed"
  mkdir "$work/silo"
  tar -xzf "$work/$archive" -C "$work/silo"
  "$work/silo/silo" --version >/dev/null ||
    fail "silo does not start on this machine; nothing was installed$([ "${name%-musl}" = "$name" ] || printf ' (apk add libstdc++)')"
  install_from "$work/silo"
  say "installed silo $version as $bin/silo"
  hints
}

# Called on the last line, so that a partial download does nothing.
main "$@"
