#!/bin/sh
# Does some work, then crashes with a different status each time it feels like it.
jobs=0
quota=$((15 + $$ % 15))
while [ "$jobs" -lt "$quota" ]; do
  jobs=$((jobs + 1))
  echo "job $jobs done"
  sleep 1
done
echo "something snapped" >&2
exit $((1 + $$ % 3))
