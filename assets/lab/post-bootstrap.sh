#!/bin/sh
# Run once by Patroni on the new cluster (Patroni 4 has no bootstrap.users); $1 is the superuser's connection string.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$1" \
    --command "CREATE ROLE pgherd LOGIN PASSWORD 'pgherd' IN ROLE pg_monitor"
