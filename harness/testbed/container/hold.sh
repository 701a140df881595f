# Runs beside the server in its container as long as somebody holds the other end of its input: the harness. When that is gone, however
# it went, everything in the container is ended, and Docker removes it.
touch /shakedown/held
cat >/dev/null
# The first program gets only signals that it waits for, as a server does. A script of the first start ends when what it waits for does.
while kill -s QUIT 1; do
  kill -s KILL -- -1
  kill -s TERM 1
  sleep 0.1
done
