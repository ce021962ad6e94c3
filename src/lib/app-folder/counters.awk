# Readings of the kernel's: seconds() is a clock that is finer than what it says of itself, hundredths, where there is one; micros(FILE) what
# the cgroup of a counter has used.

function seconds(   now) {
  "date +%s.%N" | getline now
  close("date +%s.%N")
  if (now ~ /^[0-9]+[.][0-9]+$/) return now + 0
  getline now <"/proc/uptime"
  close("/proc/uptime")
  return now + 0
}
function first(file,   line) { line = ""; getline line <file; close(file); return line }
function field(file, key,   line, parts, value) {
  value = 0
  while ((getline line <file) > 0) { split(line, parts, " "); if (parts[1] == key) { value = parts[2]; break } }
  close(file)
  return value
}
function micros(file) { return (file ~ /cpuacct.usage$/) ? first(file) / 1000 : field(file, "usage_usec") }
