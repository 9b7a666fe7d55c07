# Lets every answer end with "connection: close", so that clients that keep their connections open leave this pod.
: > "${config%/*}/draining"
sed -e 's|"response_headers": {}|"response_headers": {"connection": "close"}|' \
  -e 's|"response_headers": {$|"response_headers": {"connection": "close",|' "$config" > "$config.last" && replace "$config.last"
