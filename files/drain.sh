# Waits until a server has nothing to do, as its own metric says: for a preStop hook. Needs bash and sed.
# Arguments: port of the metrics, name of the metric, seconds to wait first (until nobody asks this pod any more), most seconds to
# wait then, name of the environment variable that holds the key for the metrics (may be empty).
port=$1 metric=$2 first=$3 most=$4 key=${5:-}
sleep "$first"
end=$((SECONDS + most))
idle=0
# Idle three times in a row: a request may be on its way from a node that has not heard yet.
while ((SECONDS < end && idle < 3)); do
  exec 3<>"/dev/tcp/127.0.0.1/$port" || break
  printf 'GET /metrics HTTP/1.0\r\nHost: localhost\r\n%s\r\n' "${key:+Authorization: Bearer ${!key:-}$'\r\n'}" >&3
  busy=$(sed -n "s/^$metric\({[^}]*}\)\{0,1\} //p" <&3 | head -n 1)
  exec 3>&-
  case $busy in "" | 0 | 0.0 | 0e+00) idle=$((idle + 1)) ;; *) idle=0 ;; esac
  sleep 1
done
