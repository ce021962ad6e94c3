import { sh } from '@zebu/kit';
import type { Machine, Usage } from './results.js';

/** Seconds between the two readings that a share of a core is computed from. */
const SAMPLE = 0.4;

/**
 * Shell: defines `usage`, which reads `PID NAME` lines and prints `usage=NAME CPU MEMORY`. The kernel's own counters,
 * cgroup v2 or v1: `docker stats` takes two seconds for the same numbers.
 */
export const USAGE_FUNCTION = sh`
usage() {
  awk -v sample=${SAMPLE} '
    function first(file,   line) { line = ""; getline line <file; close(file); return line }
    function field(file, key,   line, parts, value) {
      value = 0
      while ((getline line <file) > 0) { split(line, parts, " "); if (parts[1] == key) { value = parts[2]; break } }
      close(file)
      return value
    }
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
    function micros(i) { return (i in v2) ? field(v2[i] "/cpu.stat", "usage_usec") : first(cpu[i] "/cpuacct.usage") / 1000 }
    function bytes(i) {
      if (i in v2) return first(v2[i] "/memory.current") - field(v2[i] "/memory.stat", "inactive_file")
      return first(memory[i] "/memory.usage_in_bytes") - field(memory[i] "/memory.stat", "total_inactive_file")
    }
    function uptime() { return first("/proc/uptime") + 0 }
    $1 > 0 { pid[++n] = $1; name[n] = $2 }
    END {
      if (n == 0) exit
      for (i = 1; i <= n; i++) find(i)
      begun = uptime()
      for (i = 1; i <= n; i++) before[i] = micros(i)
      system("sleep " sample)
      passed = (uptime() - begun) * 1000000
      for (i = 1; i <= n; i++)
        printf "usage=%s %.1f %.0f\n", name[i], (passed > 0) ? (micros(i) - before[i]) * 100 / passed : 0, bytes(i)
    }'
}
`;

/** Shell: prints `machine=CORES LOAD MEMORY_TOTAL MEMORY_AVAILABLE DISK_TOTAL DISK_USED DISK_AVAILABLE`, sizes in KiB. */
export const MACHINE_LINE = sh`
printf 'machine=%s %s %s %s\n' "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" \
  "$(awk '$1 == "MemTotal:" { t = $2 } $1 == "MemAvailable:" { a = $2 } END { print t, a }' /proc/meminfo)" \
  "$(df -Pk /var/lib/docker / 2>/dev/null | awk 'NR == 2 { print $2, $3, $4 }')"
`;

const numbers = (text: string): readonly number[] => text.split(' ').map(Number);

export function parseUsage(text: string): readonly [string, Usage] | undefined {
  const [name = '', cpu, memory] = text.split(' ');
  const usage = { cpu: Number(cpu), memory: Math.max(0, Number(memory)) };
  return name === '' || Number.isNaN(usage.cpu) || Number.isNaN(usage.memory) ? undefined : [name, usage];
}

export function parseMachine(text: string): Machine | undefined {
  const [cores, load, total, available, size, used, free] = numbers(text);
  if (cores === undefined || load === undefined || total === undefined || available === undefined) return undefined;
  if (size === undefined || used === undefined || free === undefined) return undefined;
  if (numbers(text).some(Number.isNaN)) return undefined;
  return {
    cores,
    load,
    memory: { total: total * 1024, available: available * 1024 },
    disk: { total: size * 1024, used: used * 1024, available: free * 1024 },
  };
}
