#!/bin/sh
# Makes the namespace `default` and Syncline's search attributes, where they are missing. The server's address comes by TEMPORAL_ADDRESS.
set -eu

attempt=1
until temporal operator cluster health; do
  if [ "$attempt" -ge 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not healthy" >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  sleep 2
done

temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 168h

# The list is that of src/domain/search-attributes.ts.
known=$(temporal operator search-attribute list --namespace default)
for name in SynclinePipeline SynclineMode SynclineStatus SynclineSource SynclineEntity SynclineRunId; do
  case $known in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace default --name "$name" --type Keyword ;;
  esac
done
