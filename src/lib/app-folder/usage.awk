# What the processes of containers use: reads `PID NAME` lines, and $used, which usage-before.awk printed.

# include ./counters.awk

function find(i,   file, line, parts, unified) {
  file = "/proc/" pid[i] "/cgroup"
  while ((getline line <file) > 0) {
    split(line, parts, ":")
    if (parts[1] == "0") unified = parts[3]
    if (("," parts[2] ",") ~ /,memory,/) memory[i] = "/sys/fs/cgroup/memory" parts[3]
    if (("," parts[2] ",") ~ /,cpuacct,/) cpu[i] = "/sys/fs/cgroup/cpuacct" parts[3]
  }
  close(file)
  if (!(i in memory)) v2[i] = "/sys/fs/cgroup" unified
}
function counter(i) { return (i in v2) ? v2[i] "/cpu.stat" : cpu[i] "/cpuacct.usage" }
function bytes(i) {
  if (i in v2) return first(v2[i] "/memory.current") - field(v2[i] "/memory.stat", "inactive_file")
  return first(memory[i] "/memory.usage_in_bytes") - field(memory[i] "/memory.stat", "total_inactive_file")
}
$1 > 0 { pid[++n] = $1; name[n] = $2 }
END {
  if (n == 0) exit
  for (i = 1; i <= n; i++) find(i)
  lines = split(ENVIRON["used"], line, "\n")
  begun = line[1]
  for (i = 2; i <= lines; i++) { cut = index(line[i], " "); seen[substr(line[i], cut + 1)] = substr(line[i], 1, cut - 1) }
  known = lines > 0
  for (i = 1; i <= n; i++) if (!(counter(i) in seen)) known = 0
  # One that was started meanwhile, or is elsewhere.
  if (!known) begun = seconds()
  for (i = 1; i <= n; i++) before[i] = known ? seen[counter(i)] : micros(counter(i))
  left = sample - (seconds() - begun)
  # Somebody has set the clock back meanwhile.
  if (left > sample) { left = sample; begun = seconds(); for (i = 1; i <= n; i++) before[i] = micros(counter(i)) }
  if (left > 0) system("sleep " left)
  passed = (seconds() - begun) * 1000000
  for (i = 1; i <= n; i++)
    printf "usage=%s %.1f %.0f\n", name[i], (passed > 0) ? (micros(counter(i)) - before[i]) * 100 / passed : 0, bytes(i)
}
