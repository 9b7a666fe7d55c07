# Writes the configuration before the gateway starts.
set -eu
assemble > "$config.new"
mv "$config.new" "$config"
