#!/bin/sh
# Picks the role of the container and becomes that process, so that signals reach it directly.
#
#   an argument        wins: `bootstrap`, `node`, or any other command of the CLI (`docker run --rm p2p-node --help`)
#   BOOTSTRAP_URL set  node
#   neither            bootstrap
#
# Flags without a command go to the role that the environment picks: `docker run p2p-node --log-level debug`.
set -eu

case "${1:-}" in
  '' | -*)
    case "${1:-}" in
      -h | --help | --version) ;;
      *)
        if [ -n "${BOOTSTRAP_URL:-}" ]; then role=node; else role=bootstrap; fi
        set -- "$role" "$@"
        ;;
    esac
    ;;
esac

exec node /app/dist/main.js "$@"
