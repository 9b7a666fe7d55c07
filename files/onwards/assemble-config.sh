# Puts the routes and the engines' keys together into the gateway's configuration, on a volume in memory.
# Reads /etc/onwards/routes/config.json, where "onwards_key": "@key:GROUP@" stands for a key, and /etc/onwards/keys/GROUP.
# Writes /app/config/config.json. Needs sh, cat, sed, mv and rm, as every Debian or Ubuntu image has them.
set -eu
umask 077
config=/app/config/config.json
edits=/app/config/edits.sed
return=$(printf '\r')
: > "$edits"
for file in /etc/onwards/keys/*; do
  [ -e "$file" ] || continue
  group=${file##*/}
  key=$(cat "$file")
  key=${key%"$return"}
  if [ -z "$key" ]; then
    echo "The key of model group $group is empty; put it into the Secret that modelGroups.$group.apiKey names." >&2
    exit 1
  fi
  case $key in
    *[[:cntrl:]]*)
      echo "The key of model group $group has a control character in it; put the bare key into its Secret." >&2
      exit 1 ;;
  esac
  # First as a JSON string, then as the replacement of a sed command.
  value=$(printf '%s\n' "$key" | sed -e 's/["\\]/\\&/g' -e 's/[\\&|]/\\&/g')
  # A line holds one key; t ends the edits of a line that has got it, so a key is never taken for a placeholder.
  printf 's|"onwards_key": "@key:%s@"|"onwards_key": "%s"|\nt\n' "$group" "$value" >> "$edits"
done
sed -f "$edits" /etc/onwards/routes/config.json > "$config.new"
rm "$edits"
mv "$config.new" "$config"
