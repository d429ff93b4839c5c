#!/usr/bin/env bash
# gate.sh <log folder> [file of workloads]: every workload's best kernel must still build, verify and run in a browser.
set -u
logs=$1
list=${2:-$(dirname "$0")/workloads.txt}
wgtune=${WGTUNE:-npx wgtune}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
while read -r workload; do
  [ -z "$workload" ] && continue
  # A line holds several words.
  # shellcheck disable=SC2086
  if $wgtune run $workload --log "$logs" --device swiftshader --allow-other >/dev/null </dev/null &&
    $wgtune export $workload --as module --log "$logs" -o "$folder/kernel" --force --check browser >/dev/null </dev/null
  then echo "right: $workload"
  else
    echo "wrong: $workload"
    failed=1
  fi
done <"$list"
exit "$failed"
