silo_code=$?
printf 'silo: @KEY@: this hook ended with exit code %s:\n%s\n' "$silo_code" "$silo_hook" >&2
exit "$silo_code"
