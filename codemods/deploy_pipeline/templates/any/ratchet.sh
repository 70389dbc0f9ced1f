#!/usr/bin/env bash
# Fails if a check finds more errors here than on the parent commit, so that old ones may stay and new ones may not come.
# Usage, in CI only, for it checks out the parent: ratchet.sh PATTERN COMMAND...   PATTERN tells the lines that are errors.
set -euo pipefail

pattern=$1
shift

# Prints the number of errors; a tool that fails without any did not run.
errors() {
  local output status=0 found
  output=$("$@" 2>&1) || status=$?
  found=$(grep -E "$pattern" <<<"$output") || true
  if [ "$status" -ne 0 ] && [ -z "$found" ]; then
    echo "$output" >&2
    return 1
  fi
  # Layout is no error: `eslint --fix` settles it.
  found=$(grep -v ' prettier/prettier$' <<<"$found") || true
  [ -z "$found" ] || echo "$found" >&2
  grep -c . <<<"$found" || true
}

main() {
  local now before
  now=$(errors "$@")
  if [ "$now" -eq 0 ]; then
    echo "No errors."
    return
  fi
  if ! git rev-parse --quiet --verify HEAD^1 >/dev/null; then
    echo "$now errors, and no parent commit to compare with."
    return
  fi
  git checkout --quiet --force --detach HEAD^1
  before=$(errors "$@" 2>/dev/null) || before=$now
  git checkout --quiet --force -
  echo "$now errors, $before on the parent commit."
  [ "$now" -le "$before" ]
}

# The file changes under the shell while the parent is checked out: everything has been read by now.
main "$@"
exit
