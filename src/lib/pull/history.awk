# What the history says of a commit: `live`, `failed`, `interrupted` or nothing, as it was brought last. `ref` and `commit` are given; of a
# tag that was live under another name it is nothing.

# include ../app-folder/member.awk
member($0, "commit") == commit && (member($0, "mode") ~ /^(deploy|probation|)$/) {
  verdict = member($0, "verdict")
  cause = member($0, "cause")
  if (member($0, "mode") == "probation") said = "failed"
  else if (verdict == "live") { if (member($0, "ref") == ref) said = "live"; cut = 0 }
  # What may be otherwise the next time is tried again, and not for ever.
  else if (cause ~ /^(interrupted|data-busy|dump-failed)$/) { if (++cut > 3) said = "failed"; else if (said != "failed") said = "interrupted" }
  else said = "failed"
  if (verdict != "live") { run = member($0, "run"); why = cause }
}
END { if (said != "") print said, run, why }
