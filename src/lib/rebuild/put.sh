# shellcheck shell=sh
# Writes $text into $file, for everybody to run.

mkdir -p "$folder" && chmod 755 "$folder" && printf '%s' "$text" >"$file.new" && chmod 755 "$file.new" && mv "$file.new" "$file"
