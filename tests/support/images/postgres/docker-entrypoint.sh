#!/bin/bash
# What the entry point of the official image does, as far as the scenarios' containers use it: POSTGRES_USER, POSTGRES_DB,
# POSTGRES_PASSWORD, the files of /docker-entrypoint-initdb.d, `postgres` with options as the command, and a start as root.
set -euo pipefail
export PGDATA=/var/lib/postgresql/data
as_server() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

if [ "$(id -u)" != 0 ]; then echo "this image starts as root" >&2; exit 1; fi
install -d -o postgres -g postgres -m 700 "$PGDATA"
install -d -o postgres -g postgres -m 2775 /var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?is not set}"
  user=${POSTGRES_USER:-postgres}
  sql() { as_server psql -X -q -v ON_ERROR_STOP=1 --no-password -U "$user" "$@"; }
  as_server initdb -D "$PGDATA" -U "$user" --auth-host=scram-sha-256 --no-sync --locale=C.UTF-8 >/dev/null
  as_server pg_ctl -D "$PGDATA" -w -t 30 -s -o "$(printf '%q ' "${@:2}" -c listen_addresses=)" start
  sql -d postgres -v user="$user" -v password="$POSTGRES_PASSWORD" <<<"ALTER ROLE :\"user\" PASSWORD :'password'"
  database=${POSTGRES_DB:-$user}
  if [ "$database" != postgres ]; then sql -d postgres -v name="$database" <<<'CREATE DATABASE :"name"'; fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sql) sql -d "$database" -f "$file" ;;
      *.sh) as_server "$file" ;;
    esac
  done
  as_server pg_ctl -D "$PGDATA" -m fast -w -s stop
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
