# What each cgroup with the id of a container in its name has used: reads lines of /proc/PID/cgroup, prints the time, and then
# `MICROSECONDS FILE` a line.

# include ./counters.awk
BEGIN { for (i = 0; i < 64; i++) id = id "[0-9a-f]" }
$0 ~ id {
  split($0, parts, ":")
  if (parts[1] == "0") files["/sys/fs/cgroup" parts[3] "/cpu.stat"]
  if (("," parts[2] ",") ~ /,cpuacct,/) files["/sys/fs/cgroup/cpuacct" parts[3] "/cpuacct.usage"]
}
END {
  printf "%.3f\n", seconds()
  for (file in files) printf "%.0f %s\n", micros(file), file
}
