# Puts the routes and the keys together into the gateway's configuration, on a volume in memory.
# Reads /etc/onwards/routes/config.json, where "@key:OWNER@" alone in a line, or as the value of key or onwards_key, stands for a key,
# and /etc/onwards/keys/OWNER. An owner is the path of a value: modelGroups.chat, externalProviders.openai, onwards.clientKeys.team.
# Writes /app/config/config.json. Needs sh, cat, sed, mv and rm, as every Debian or Ubuntu image has them.
set -eu
umask 077
config=/app/config/config.json
edits=/app/config/edits.sed
return=$(printf '\r')
: > "$edits"
for file in /etc/onwards/keys/*; do
  [ -e "$file" ] || continue
  owner=${file##*/}
  key=$(cat "$file")
  key=${key%"$return"}
  if [ -z "$key" ]; then
    echo "The key of $owner is empty; put it into the Secret that $owner.apiKey names." >&2
    exit 1
  fi
  case $key in
    *[[:cntrl:]]*)
      echo "The key of $owner has a control character in it; put the bare key into its Secret." >&2
      exit 1 ;;
  esac
  # First as a JSON string, then as the replacement of a sed command.
  value=$(printf '%s\n' "$key" | sed -e 's/["\\]/\\&/g' -e 's/[\\&|]/\\&/g')
  name=$(printf '%s\n' "$owner" | sed -e 's/[.]/\\./g')
  # A line holds one key; t ends the edits of a line that has got it, so a key is never taken for a placeholder.
  printf 's|^\\( *\\("onwards_key": \\)\\{0,1\\}\\("key": \\)\\{0,1\\}\\)"@key:%s@"\\(,\\{0,1\\}\\)$|\\1"%s"\\4|\nt\n' "$name" "$value" >> "$edits"
done
sed -f "$edits" /etc/onwards/routes/config.json > "$config.new"
rm "$edits"
mv "$config.new" "$config"
