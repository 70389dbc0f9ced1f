#!/usr/bin/env bash
# Fails if a check finds more errors here than on the parent commit, so that old ones may stay and new ones may not come.
# Usage, in CI only, for it checks out the parent: ratchet.sh [--from-here] PATTERN COMMAND...   PATTERN tells the lines that are errors.
# --from-here: the change that brings this script sets the count, and may raise it.
set -euo pipefail

from_here=
if [ "$1" = --from-here ]; then
  from_here=1
  shift
fi
pattern=$1
shift

# Prints the number of errors; a tool that fails without any did not run.
errors() {
  local output status=0 found
  output=$("$@" 2>&1) || status=$?
  found=$(grep -E "$pattern" <<<"$output") || true
  [ "$status" -eq 0 ] || echo "$output" >&2
  if [ "$status" -ne 0 ] && [ -z "$found" ]; then
    return 1
  fi
  # Layout is no error: `eslint --fix` settles it.
  found=$(grep -v ' prettier/prettier$' <<<"$found") || true
  grep -c . <<<"$found" || true
}

main() {
  local now before
  now=$(errors "$@") || now=broken
  if [ "$now" = 0 ]; then
    echo "No errors."
    return
  fi
  if ! git rev-parse --quiet --verify HEAD^1 >/dev/null; then
    echo "Errors: $now. There is no parent commit to compare with."
    return
  fi
  # A path behind `HEAD^1:` starts at the top of the repository.
  git cat-file -e HEAD^1:.github/ratchet.sh 2>/dev/null && from_here=
  git checkout --quiet --force --detach HEAD^1
  before=$(errors "$@" 2>/dev/null) || before=broken
  git checkout --quiet --force -
  echo "Errors: $now, on the parent commit: $before."
  if [ "$before" = broken ]; then
    echo "::warning::\`$*\` does not run on the parent commit: there is nothing to compare with."
  elif [ "$now" != broken ] && [ "$now" -le "$before" ]; then
    return
  elif [ -n "$from_here" ] && [ "$now" != broken ]; then
    echo "::warning::\`$*\` finds more than before. The count starts with this change: see which are worth mending."
  else
    return 1
  fi
}

# The file changes under the shell while the parent is checked out: everything has been read by now.
main "$@"
exit
