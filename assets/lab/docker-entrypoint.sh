#!/bin/sh
# Writes the profile's timing (LAB_* of the environment) into the configuration, then becomes the command:
# `exec` makes that PID 1, so that `docker stop` reaches it and is a clean stop.
set -eu
trap 'exit 143' TERM
# LAB_STORE names the ZooKeeper servers: `zoo`, or the three of an ensemble. Patroni wants host:port with commas.
LAB_STORE_HOSTS=
for server in $LAB_STORE; do LAB_STORE_HOSTS="${LAB_STORE_HOSTS:+$LAB_STORE_HOSTS,}$server:2181"; done
export LAB_STORE_HOSTS
for template in /lab/*.yml /lab/*.cfg; do
    if [ -e "$template" ]; then envsubst < "$template" > "/${template##*/}"; fi
done
# Each server of an ensemble knows all of them by number, and which one it is itself.
if [ -e /zoo.cfg ] && [ "$LAB_STORE" != "${LAB_STORE#* }" ]; then
    number=0
    for server in $LAB_STORE; do
        number=$((number + 1))
        echo "server.$number=$server:2888:3888" >> /zoo.cfg
        if [ "$server" = "$(cat /etc/hostname)" ]; then echo "$number" > /data/myid; fi
    done
fi
# Patroni ends, with 0, if ZooKeeper does not serve within 15 s of its start: it may take longer where all start at once.
serves() {
    for server in $LAB_STORE; do
        if timeout 1 bash -c 'exec 3<>/dev/tcp/'"$server"'/2181 && echo srvr >&3 && grep -q ^Mode: <&3' 2>/dev/null; then
            return 0
        fi
    done
    return 1
}
if [ "$1" = patroni ]; then
    waited=0
    until serves; do
        waited=$((waited + 1))
        if [ "$waited" -ge 60 ]; then break; fi
        sleep 1
    done
fi
# A member without data lets the other one make the cluster (20 s at most), and then clones it at once.
if [ -n "${LAB_AFTER:-}" ] && [ ! -e /var/lib/postgresql/data ]; then
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if pg_isready --quiet --timeout=1 --host="$LAB_AFTER"; then break; fi
        sleep 1
    done
fi
exec "$@"
