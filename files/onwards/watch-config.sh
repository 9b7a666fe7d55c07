# Keeps the configuration equal to the routes and keys as the kubelet mounts them; a change is live in a second or two after that.
# A key that cannot be used leaves the last good configuration, and its reason in the log and in the file that the liveness probe reads.
# Also needs sleep and tail.
trap 'exit 0' TERM INT
problem=${config%/*}/problem
draining=${config%/*}/draining
last= waited=0
while :; do
  if [ -e "$draining" ]; then
    # The gateway's hook has changed the file and the pod ends, or only the container was restarted: then the file is written again.
    waited=$((waited + 1))
    if [ "$waited" -gt "$1" ]; then
      rm "$draining"
      last=
    fi
  else
    waited=0
    now=$(tail -n +1 "$routes"/* "$keys"/* 2>/dev/null)
    if [ "$now" != "$last" ]; then
      if ! assemble > "$config.next" 2> "$problem.next" || { [ ! -e "$draining" ] && ! replace "$config.next" 2>> "$problem.next"; }; then
        echo "The last good configuration stays in use." >> "$problem.next"
        mv "$problem.next" "$problem"
        cat "$problem" >&2
      elif [ -e "$draining" ]; then
        continue
      else
        if [ -e "$problem" ] || [ -n "$last" ]; then echo "The changed configuration is live."; fi
        rm -f "$problem" "$problem.next"
      fi
      last=$now
    fi
  fi
  # In the background, so that a signal need not wait for it.
  sleep 1 &
  wait $!
done
