/** Internal subcommand for the scripts: `silo __complete <words…>` completes the last word. */
export const COMPLETE_COMMAND = "__complete";

/** Output of that subcommand that makes the shell complete file names. */
export const FILES = ":files";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Script for bash 3.2 and later, with or without the bash-completion package. Candidates contain no white space. */
const BASH = `_silo() {
  local IFS=$'\\n' current=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  for line in $("$1" ${COMPLETE_COMMAND} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    if [ "$line" = "${FILES}" ]; then
      COMPREPLY=($(compgen -f -- "$current"))
      return
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done
}
complete -F _silo silo
`;

/** Script for zsh, for a directory in fpath or for `source`. */
const ZSH = `#compdef silo
_silo() {
  local line
  local -a found described
  found=("\${(@f)$("$words[1]" ${COMPLETE_COMMAND} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == ${FILES} ]]; then
    _files
    return
  fi
  for line in $found; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#described )) && _describe silo described
}
if [[ \${funcstack[1]} == _silo ]]; then _silo "$@"; else compdef _silo silo; fi
`;

const FISH = `function __silo_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] ${COMPLETE_COMMAND} $words[2..-1] 2>/dev/null)
  if test "$found[1]" = "${FILES}"
    __fish_complete_path (commandline -ct)
  else if test (count $found) -gt 0
    printf '%s\\n' $found
  end
end
complete -c silo -f -a '(__silo_complete)'
`;

/** The script of each shell. The scripts call silo for candidates, so they need no update with silo. */
export const SCRIPTS: { readonly [K in Shell]: string } = { bash: BASH, zsh: ZSH, fish: FISH };
