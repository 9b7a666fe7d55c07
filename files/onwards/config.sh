# Functions for the gateway's configuration, on a volume in memory. Need sh, cat, dd, mkdir, mv, rm, sed and wc, as any Linux image has them.
routes=/etc/onwards/routes
keys=/etc/onwards/keys
config=/app/config/config.json
umask 077
# Prints the configuration: config.json of the routes, where "@key:OWNER@" alone in a line, or as the value of key or onwards_key, is the
# placeholder of the key in the file OWNER. An owner is the path of a value: modelGroups.chat, externalProviders.openai,
# onwards.clientKeys.team. A key that cannot be used is an error that names its owner.
assemble() {
  edits=$config.edits
  return=$(printf '\r')
  : > "$edits"
  for owner in $(sed -n 's|^ *\("onwards_key": \)\{0,1\}\("key": \)\{0,1\}"@key:\([^" ]*\)@",\{0,1\}$|\3|p' "$routes/config.json"); do
    if [ ! -e "$keys/$owner" ]; then
      echo "The key of $owner is not there; put it into the Secret that $owner.apiKey names." >&2
      return 1
    fi
  done
  for file in "$keys"/*; do
    [ -e "$file" ] || continue
    owner=${file##*/}
    # An engine reads its key only at its start, so the gateway sends the one that both had at the start of this pod.
    first=${config%/*}/engine-keys/$owner
    [ ! -e "$first" ] || file=$first
    key=$(cat "$file") || return 1
    key=${key%"$return"}
    if [ -z "$key" ]; then
      echo "The key of $owner is empty; put it into the Secret that $owner.apiKey names." >&2
      return 1
    fi
    case $key in
      *[[:cntrl:]]*)
        echo "The key of $owner has a control character in it; put the bare key into its Secret." >&2
        return 1 ;;
    esac
    case $owner in
      modelGroups.*)
        if [ ! -e "$first" ]; then
          mkdir -p "${first%/*}"
          printf '%s' "$key" > "$first"
        fi ;;
    esac
    # First as a JSON string, then as the replacement of a sed command.
    value=$(printf '%s\n' "$key" | sed -e 's/["\\]/\\&/g' -e 's/[\\&|]/\\&/g')
    name=$(printf '%s\n' "$owner" | sed -e 's/[.]/\\./g')
    # A line holds one key; t ends the edits of a line that has got it, so a key is never taken for a placeholder.
    printf 's|^\\( *\\("onwards_key": \\)\\{0,1\\}\\("key": \\)\\{0,1\\}\\)"@key:%s@"\\(,\\{0,1\\}\\)$|\\1"%s"\\4|\nt\n' "$name" "$value" >> "$edits"
  done
  sed -f "$edits" "$routes/config.json" || return 1
  rm "$edits"
}
# Replaces the configuration by a file of the same volume. The gateway watches the file itself, not its name, and reads it at each write:
# so it is written in place, in one write of a length that hardly ever changes, with blanks behind the text, which JSON allows.
replace() {
  new=$(wc -c < "$1")
  length=$(((new / 65536 + 1) * 65536))
  old=$(wc -c < "$config")
  [ "$old" -le "$length" ] || length=$old
  printf '%*s' $((length - new)) '' >> "$1"
  if ! dd if="$1" of="$config" bs="$length" conv=notrunc 2>/dev/null; then
    echo "$config could not be written." >&2
    return 1
  fi
  rm "$1"
}
