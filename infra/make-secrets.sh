#!/bin/sh
# Makes the secrets of docker-compose.yml, on volumes of their own: passwords and a signing key, once; what follows from them, each time.
set -eu

# Of letters and digits alone, so that it stands in a URL as it is.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Whole or not at all. Servers run as users of their own and must read it, and nobody but them and us mounts the volume.
write() { cat >"$1.new" && chmod 444 "$1.new" && mv "$1.new" "$1"; }

ensure_password() { [ -s "$1" ] || random | write "$1"; }

ensure_password /secrets/database/password
ensure_password /secrets/broker/password
ensure_password /secrets/return-path/secret
database=$(cat /secrets/database/password)
broker=$(cat /secrets/broker/password)

printf 'postgres://email:%s@postgres:5432/email\n' "$database" | write /secrets/database/url
# Each function is somebody of its own in the database, and sees nobody else's password; `roles` tells the database all of them.
passwords=
for function in token send consume dispatch history manage notify intake; do
  ensure_password "/secrets/database-$function/password"
  password=$(cat "/secrets/database-$function/password")
  printf 'postgres://email_%s:%s@postgres:5432/email\n' "$function" "$password" | write "/secrets/database-$function/url"
  passwords="$passwords$function=$password
"
done
printf '%s' "$passwords" | write /secrets/database/roles
printf 'amqp://email:%s@rabbitmq:5672\n' "$broker" | write /secrets/broker/url
# Takes the place of the image's own fragments, so it says what they say about the log as well.
printf 'default_user = email\ndefault_pass = %s\nlog.console = true\n' "$broker" | write /secrets/broker/rabbitmq.conf

exec node /app/index.mjs signing-key ensure /secrets/signing/keys.json
