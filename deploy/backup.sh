#!/bin/sh
# Copies what a server needs to come back, while it runs:
#
#   deploy/backup.sh <data folder> <folder of the backups> [how many to keep]
#
# Each backup is a folder with the time as its name. It has the database as it was at one moment, the journal of the audit record
# and, where credentials lie in files, these. The master key is not in it: keep that somewhere else. Prints the new folder.
set -eu
umask 077

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  echo "usage: backup.sh <data folder> <folder of the backups> [how many to keep]" >&2
  exit 1
fi
data=$1
backups=$2
keep=${3:-0}

case $keep in
  *[!0-9]*)
    echo "backup.sh: $keep is no number of backups" >&2
    exit 1
    ;;
esac
if [ ! -f "$data/server.db" ]; then
  echo "backup.sh: there is no database $data/server.db" >&2
  exit 2
fi
# What SQLite makes beside a database belongs to whoever opened it: the server could not use it.
if [ -z "$(find "$data/server.db" -user "$(id -u)")" ]; then
  echo "backup.sh: $data belongs to another user: run this as that user" >&2
  exit 2
fi

name=$(date -u +%Y%m%dT%H%M%SZ)
target=$backups/$name
draft=$backups/.$name.$$
mkdir -p "$backups"
mkdir "$draft"
trap 'rm -rf "$draft"' EXIT

# The database first: what is recorded while the journal is copied is then in the journal, and may be.
node --no-warnings -e '
  const { DatabaseSync } = require("node:sqlite");
  const [from, to] = process.argv.slice(1);
  const database = new DatabaseSync(from, { readOnly: true, timeout: 10_000 });
  database.prepare("VACUUM INTO ?").run(to);
  database.close();
  const copy = new DatabaseSync(to, { readOnly: true });
  const { quick_check: found } = copy.prepare("PRAGMA quick_check").get();
  if (found !== "ok") throw new Error(`The copy of the database is damaged: ${found}`);
' "$data/server.db" "$draft/server.db"
for folder in audit vault; do
  if [ -d "$data/$folder" ]; then cp -R "$data/$folder" "$draft/$folder"; fi
done

# Whole and on disk, or not there under its name.
sync
mv "$draft" "$target"
trap - EXIT
echo "$target"

if [ "$keep" -gt 0 ]; then
  find "$backups" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*T[0-9]*Z' | sort -r | tail -n +"$((keep + 1))" |
    while IFS= read -r old; do rm -rf "$old"; done
fi
