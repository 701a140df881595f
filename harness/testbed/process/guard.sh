# The guard: waits until the program that started it is gone, and removes what that left behind.
#
# Standard input: `folder PATH` (to be removed), `home PATH` (the same, and who works in it belongs to us), `gone PATH` (removed
# already), `end` (nothing is left). The end of the stream without `end` is the end of the program, however it came.
# First argument: the marker that all processes of ours carry in their environment.
#
# Nothing is remembered by its process id, which could be somebody else's by now. A process is ours by what it carries, or, as
# PostgreSQL overwrites the environment of its children, by the folder that it works in without a terminal.

trap '' HUP INT TERM QUIT
marker=$1
folders=
homes=
newline='
'
IFS=$newline
set -f

without() {
  for path in $1; do
    [ "$path" = "$2" ] || printf '%s\n' "$path"
  done
}

carriers() {
  grep -lsF -e "$marker" /proc/[0-9]*/environ | sed -e 's|^/proc/||' -e 's|/.*||'
}

inhabitants() {
  ls -ld /proc/[0-9]*/cwd 2>/dev/null | while read -r line; do
    process=${line%%/cwd -> *}
    process=${process##*/}
    for home in $homes; do
      case "${line#*/cwd -> }/" in
        "$home"/*) without_terminal "$process" && echo "$process" ;;
      esac
    done
  done
}

# Behind the name in brackets: state, parent, group, session, terminal.
without_terminal() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  IFS=' '
  set -- ${stat##*) }
  IFS=$newline
  [ "$5" = 0 ]
}

remaining() {
  set +f
  carriers
  [ -z "$homes" ] || inhabitants
}

while read -r line; do
  case $line in
    'folder '*) folders=$folders${line#folder }$newline ;;
    'home '*) folders=$folders${line#home }$newline homes=$homes${line#home }$newline ;;
    'gone '*)
      folders=$(without "$folders" "${line#gone }")$newline
      homes=$(without "$homes" "${line#gone }")$newline
      ;;
    end) exit 0 ;;
  esac
done

# Five seconds for an end in order, five for the other one.
round=0
while [ "$round" -lt 100 ]; do
  processes=$(remaining)
  [ -n "$processes" ] || break
  if [ "$round" -lt 50 ]; then signal=TERM; else signal=KILL; fi
  kill -s "$signal" $processes 2>/dev/null
  round=$((round + 1))
  sleep 0.1 # the pace of the question, not the wait
done
for folder in $folders; do
  rm -rf -- "$folder"
done
