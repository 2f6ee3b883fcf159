#!/bin/sh
# The machine's main process: keeps it up, and saves the image's environment for the tool and for `silo exec`.
umask 077; mkdir -p /run/silo; cat /proc/self/environ >/run/silo/image-env; trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done
