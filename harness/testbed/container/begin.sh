# The first program of a container; the image's own program and its arguments are ours.
#
# It waits for the harness to hold on to the container (hold.sh), gives the files of the server to the server, and becomes the
# image's own program. A container that nobody holds on to ends.
set -eu
owner=$1
shift
if [ "$(id -u)" = 0 ] && id "$owner" >/dev/null 2>&1; then
  chown -R "$owner:" /shakedown/server
fi
echo 'shakedown: stands by'
left=200
while [ ! -e /shakedown/held ]; do
  left=$((left - 1))
  if [ "$left" = 0 ]; then echo 'shakedown: nobody holds on to this container' >&2; exit 1; fi
  sleep 0.1
done
exec "$@"
