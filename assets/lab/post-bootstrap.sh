#!/bin/sh
# Run once by Patroni on the new cluster (Patroni 4 has no bootstrap.users); $1 is the superuser's connection string.
# The probe logs in anew ten times a second: one round of hashing for its password, where the server allows that (16 on).
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$1" <<'SQL'
CREATE ROLE pgherd LOGIN PASSWORD 'pgherd' IN ROLE pg_monitor;
SELECT set_config('scram_iterations', '1', false) FROM pg_settings WHERE name = 'scram_iterations';
CREATE ROLE pgherd_probe LOGIN PASSWORD 'pgherd_probe' CONNECTION LIMIT 40;
SQL
