# Lets every answer end with "connection: close", so that clients that keep their connections leave this pod. Onwards reads its
# configuration again at the first change of the file, and only then; nothing else changes it. Needs sed and mv.
config=/app/config/config.json
sed -e 's|"response_headers": {}|"response_headers": {"connection": "close"}|' \
  -e 's|"response_headers": {$|"response_headers": {"connection": "close",|' "$config" > "$config.new" && mv "$config.new" "$config"
