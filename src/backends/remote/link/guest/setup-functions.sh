# shellcheck shell=bash
# Functions of the script that sets up a machine.
# own DIRECTORY UID GID: creates a directory that belongs to the user.
own() { [ -d "$1" ] || { mkdir -p "$1"; chown "$2:$3" "$1"; }; }
# aside PATH INDEX: moves the image's files at a synced path out of the way, on the first set-up only.
aside() { [ -e "$1" ] && [ ! -e /var/lib/silo/ready ] || return 0; kept="/var/lib/silo/image/$2"; mkdir -p "$kept"
  if [ -d "$1" ]; then find "$1" -mindepth 1 -maxdepth 1 -exec mv -t "$kept" -- {} +; else mv -- "$1" "$kept/"; fi; }
# show SOURCE TARGET: a read-only bind mount, made once.
show() { mkdir -p "$2"; grep -qF " $(printf %s "$2" | sed 's/ /\\040/g') " /proc/self/mountinfo || { mount --bind "$1" "$2"; mount -o remount,ro,bind "$2"; }; }
