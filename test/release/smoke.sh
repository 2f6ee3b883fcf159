#!/bin/sh
# Installs the archive for this machine with install.sh and starts silo: smoke.sh FOLDER (the directory of the archives)
set -eu
folder=$(cd "$1" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
version=$(sed -n 's/.*  silo-\(.*\)-linux-x64\.tar\.gz$/\1/p' "$folder/checksums.txt")

# The paths of the releases' URLs as directories.
mkdir -p "$root/releases/latest" "$root/releases/download" "$root/home"
ln -s "$folder" "$root/releases/latest/download"
ln -s "$folder" "$root/releases/download/v$version"
export HOME="$root/home" SILO_RELEASES="file://$root/releases" SILO_NO_VERSION_CHECK=1
sh "$folder/install.sh"

silo=$HOME/.local/bin/silo
[ "$("$silo" --version)" = "silo $version" ]
"$silo" version
"$silo" licenses | grep -q 'Apache License'
"$silo" completion zsh | grep -q '#compdef silo'
"$silo" config show >/dev/null
"$silo" doctor || [ $? = 1 ] # fails because programs are missing here
