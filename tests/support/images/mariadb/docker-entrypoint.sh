#!/bin/bash
# What the entry point of the official image does, as far as the scenarios' containers use it: MARIADB_ROOT_PASSWORD, option files in
# /etc/mysql/conf.d, the files of /docker-entrypoint-initdb.d, `mariadbd` with options as the command, and a start as root. Time zones
# are never loaded, as with MARIADB_INITDB_SKIP_TZINFO.
set -euo pipefail
shopt -s nullglob

# option NAME DEFAULT: what the option files say last.
option() {
  local said
  said=$(my_print_defaults mysqld server mariadb mariadbd | sed -n "s/^--$1=//p" | tail -n 1)
  echo "${said:-$2}"
}

data=$(option datadir /var/lib/mysql)
socket=$(option socket /run/mysqld/mysqld.sock)
if [ "$(id -u)" = 0 ]; then
  install -d -o mysql -g mysql -m 700 "$data"
  install -d -o mysql -g mysql -m 755 /run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

sql() { MYSQL_PWD=${password-} mariadb --no-defaults --protocol=socket --socket="$socket" --user=root --batch "$@"; }

# quoted TEXT: as a string of SQL.
quoted() {
  local text=${1//\\/\\\\}
  echo "'${text//\'/\'\'}'"
}

first_start() {
  local server file deadline=$((SECONDS + 60))
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
  "$@" --skip-networking --skip-ssl &
  server=$!
  until sql --execute='DO 0' 2>/dev/null; do
    kill -0 "$server" || exit 1
    if [ "$SECONDS" -ge "$deadline" ]; then echo 'the server of the first start does not answer' >&2; exit 1; fi
    sleep 0.02 # the pace of the question
  done
  sql <<<"CREATE USER root@'%' IDENTIFIED BY $(quoted "$MARIADB_ROOT_PASSWORD");
    GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
    SET PASSWORD FOR root@localhost = PASSWORD($(quoted "$MARIADB_ROOT_PASSWORD"));"
  password=$MARIADB_ROOT_PASSWORD
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sql) sql <"$file" ;;
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
    esac
  done
  kill "$server"
  wait "$server"
}

if [ ! -d "$data/mysql" ]; then
  : "${MARIADB_ROOT_PASSWORD:?is not set}"
  first_start "$@"
fi
exec "$@"
