#!/bin/sh
# Installs silo for this user, without root:
#   curl -fsSL https://github.com/owner.invalid/silo/releases/latest/download/install.sh | sh
#   … | sh -s -- --uninstall        takes away all that it has installed
# Heeded: SILO_VERSION=0.1.0 (default: the newest), SILO_BIN=~/bin (default: ~/.local/bin), SILO_RELEASES=<a mirror>.
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

# The names are those of the archives.
target() {
  case $(uname -s) in
    Darwin) os=darwin ;;
    Linux) os=linux ;;
    *) fail "there is no silo for $(uname -s)" ;;
  esac
  case $(uname -m) in
    arm64 | aarch64) arch=arm64 ;;
    # A shell that macOS translates says so of itself, and not of the machine.
    x86_64 | amd64) arch=x64; [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" != 1 ] || arch=arm64 ;;
    *) fail "there is no silo for the processor $(uname -m)" ;;
  esac
  libc=
  if [ "$os" = linux ] && ! has_glibc; then libc=-musl; fi
  printf '%s-%s%s\n' "$os" "$arch" "$libc"
}

# A system of either kind may have the other's loader too, so its own ldd is asked first.
has_glibc() {
  case $(ldd --version 2>&1) in *musl*) return 1 ;; esac
  for loader in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* /usr/lib64/ld-linux-*.so.* /usr/lib/ld-linux-*.so.*; do
    [ ! -e "$loader" ] || return 0
  done
  ! ls /lib/ld-musl-* >/dev/null 2>&1 # something else, such as NixOS, gets the common one
}

# fetch ADDRESS FILE
fetch() {
  if has curl; then curl -fsSL --retry 2 -o "$2" "$1"
  elif has wget; then wget -q -O "$2" "$1"
  else fail "curl or wget is needed"; fi || fail "$1 cannot be fetched"
}

sum_of() {
  if has sha256sum; then sha256sum "$1"
  elif has shasum; then shasum -a 256 "$1"
  elif has openssl; then openssl dgst -sha256 -r "$1"
  else fail "sha256sum, shasum or openssl is needed"; fi | cut -d' ' -f1
}

# put FILE PLACE: whole or not at all, also over a silo that runs
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
  # The first line is how silo knows itself; all are what --uninstall removes.
  {
    printf '%s/silo\n' "$(cd -P "$bin" && pwd -P)"
    for file in bash-completion/completions/silo fish/vendor_completions.d/silo.fish \
      silo/LICENSE silo/NOTICE silo/THIRD-PARTY-LICENSES.txt silo/_silo; do printf '%s/%s\n' "$data" "$file"; done
  } >"$work/receipt"
  put "$work/receipt" "$receipt"
}

uninstall() {
  [ -f "$receipt" ] || fail "nothing was installed by this script: there is no $receipt"
  while IFS= read -r file; do rm -f "$file"; done <"$receipt"
  rm -f "$receipt"
  rmdir "$data/silo" 2>/dev/null || :
  say "removed; settings and caches stay in ~/.config/silo, ~/.cache/silo and ~/.local/state/silo"
}

hints() {
  case :$PATH: in
    *:"$bin":*) ;;
    *) say "put it on your PATH: export PATH=\"$bin:\$PATH\"" ;;
  esac
  say "completion in zsh: fpath=($data/silo \$fpath) before compinit; bash and fish find theirs"
  say "next: silo doctor"
}

main() {
  if [ "${1:-}" = --uninstall ]; then uninstall; exit; fi
  [ $# -eq 0 ] || fail "unknown word $1; only --uninstall is known"
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
  [ -n "$archive" ] || fail "this release has nothing for $name"
  version=${archive#silo-}
  version=${version%-"$name".tar.gz}
  if [ -f "$receipt" ] && [ "$("$bin/silo" --version 2>/dev/null)" = "silo $version" ]; then
    say "$bin/silo is $version already"
    exit
  fi
  say "fetching $archive"
  fetch "$releases/download/v$version/$archive" "$work/$archive"
  [ "$(sum_of "$work/$archive")" = "$sum" ] || fail "$archive is not what checksums.txt says; nothing is installed"
  mkdir "$work/silo"
  tar -xzf "$work/$archive" -C "$work/silo"
  "$work/silo/silo" --version >/dev/null ||
    fail "it does not start here; nothing is installed$([ "${name%-musl}" = "$name" ] || printf ' (apk add libstdc++)')"
  install_from "$work/silo"
  say "$bin/silo is $version"
  hints
}

# At the end, so that half of a script does nothing.
main "$@"
