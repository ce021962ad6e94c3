# What the engine says of an image, as JSON. What looks like a member stands in no text of it, where quotes have a backslash.

# Its id, which comes first; nothing for what is no image.
function image_id(json) { return match(json, /^[{]"Id":"[^"]*/) ? substr(json, 8, RLENGTH - 7) : "" }

# Its names of a kind, RepoTags or RepoDigests: words, each with a blank in front.
function image_names(json, kind,   list) {
  if (!match(json, "\"" kind "\":\\[[^]]*")) return ""
  list = substr(json, RSTART + length(kind) + 4, RLENGTH - length(kind) - 4)
  gsub(/[",]+/, " ", list)
  sub(/ $/, "", list)
  return list
}
