# seconds(): a clock that is finer than what the kernel says of itself, hundredths, where there is one.

function seconds(   now) {
  "date +%s.%N" | getline now
  close("date +%s.%N")
  if (now ~ /^[0-9]+[.][0-9]+$/) return now + 0
  getline now <"/proc/uptime"
  close("/proc/uptime")
  return now + 0
}
