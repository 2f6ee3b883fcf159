#!/bin/sh
# The machine's main process. Keeps the machine running, and saves the image's environment for the tool and `silo exec`.
umask 077; mkdir -p /run/silo; cat /proc/self/environ >/run/silo/image-env; trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done
