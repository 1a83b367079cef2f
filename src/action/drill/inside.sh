# Runs inside a container of a cluster: a POSIX shell, /proc, and what every base image has. Prints one line for each
# thing that it did or found; says on stderr why it did nothing, and ends with 1.
# Arguments: what to do, and to what.
set -u

fail() { echo "$*" >&2; exit 1; }

# Process numbers of $1. This script's own command line holds all these words too: it is known by its name, $0.
ids() {
    for folder in /proc/[0-9]*; do
        line=$(tr '\0' ' ' 2>/dev/null <"$folder/cmdline") || continue
        case $line in *pgherd-inside*) continue ;; esac
        read -r comm 2>/dev/null <"$folder/comm" || continue
        case $1:$comm:$line in
            postmaster:postgres:*)
                parent=$(sed -n 's/^PPid:[^0-9]*//p' "$folder/status" 2>/dev/null)
                read -r above 2>/dev/null <"/proc/$parent/comm" || above=
                [ "$above" = postgres ] || echo "${folder#/proc/}" ;;
            postgres:postgres:*) echo "${folder#/proc/}" ;;
            receiver:postgres:*walreceiver*) echo "${folder#/proc/}" ;;
            startup:postgres:*"startup "*) echo "${folder#/proc/}" ;;
            patroni:patroni:* | patroni:python*:*patroni*) echo "${folder#/proc/}" ;;
        esac
    done
}

# The same, but for a first process that only minds its child, and cannot be signalled from inside.
workers() {
    found=$(ids "$1")
    others=$(echo "$found" | grep -vx 1)
    echo "${others:-$found}"
}

state() { sed -n 's/^State:[^A-Z]*\([A-Z]\).*/\1/p' "/proc/$1/status" 2>/dev/null; }

# Sends signal $1 to $2.
signal() {
    found=$(workers "$2")
    [ -n "$found" ] || fail "no process of $2 found in it"
    [ "$found" = 1 ] && [ "$1" != CONT ] && fail "$2 is the first process in it, which takes no such signal from inside"
    for id in $found; do
        kill -s "$1" "$id" 2>/dev/null && echo "$id"
    done
    [ -n "$(for id in $found; do [ -e "/proc/$id" ] && echo "$id"; done)" ] || [ "$1" = KILL ] || fail "$2 went away"
}

# The states of $1's processes, one letter each.
states() {
    for id in $(workers "$1"); do
        echo "$(state "$id")"
    done
}

# Where the postmaster keeps its data: its working folder.
folder() {
    for id in $(ids postmaster); do
        readlink "/proc/$id/cwd" && return
    done
    [ -n "${PGDATA:-}" ] && [ -d "$PGDATA" ] && echo "$PGDATA" && return
    fail "no running postmaster, so its data directory is not known"
}

# Kilobytes that are free where folder $1 is.
room() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }

# Whether no more than $2 kilobytes are free where folder $1 is.
small() {
    free=$(room "$1")
    [ -n "$free" ] || fail "the free space of $1 is not known"
    [ "$free" -le "$2" ] || fail "$((free / 1048576)) GB are free where its data is, which others may share: that is not filled"
}

# Whether more than $2 kilobytes are free there.
roomy() {
    free=$(room "$1")
    [ -n "$free" ] || fail "the free space of $1 is not known"
    [ "$free" -gt "$2" ] || fail "only $((free / 1024)) MB are free where its data is: that would fill it"
}

# Fills the disk of folder $1, if it is small.
fill() {
    small "$1" "$2"
    dd if=/dev/zero of="$1/pgherd-drill.fill" bs=1M 2>/dev/null
    dd if=/dev/zero of="$1/pgherd-drill.rest" bs=4k 2>/dev/null
    sync
    echo "$(room "$1")"
}

# Writes and syncs in folder $1 until its flag is gone, an hour at most.
load() {
    : >"$1/pgherd-drill.on" || fail "nothing can be written to $1"
    (
        end=$(($(date +%s) + 3600))
        while [ -e "$1/pgherd-drill.on" ] && [ "$(date +%s)" -lt "$end" ]; do
            dd if=/dev/zero of="$1/pgherd-drill.load" bs=1M count=64 conv=fsync
        done
        rm -f "$1/pgherd-drill.load" "$1/pgherd-drill.on"
    ) >/dev/null 2>&1 </dev/null &
    echo "$!"
}

# Takes away what the two above left in folder $1.
clear() {
    rm -f "$1/pgherd-drill.on" "$1/pgherd-drill.fill" "$1/pgherd-drill.rest"
    for _ in 1 2 3 4 5 6 7 8; do
        rm -f "$1/pgherd-drill.load"
        sleep 1
        [ -e "$1/pgherd-drill.load" ] || exit 0
    done
    fail "$1/pgherd-drill.load is still written"
}

"$@"
