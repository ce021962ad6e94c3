import type { Shell } from '../guest-shell.js';
import { containersOf } from '../plain-compose.js';

/** What a container shows: its settings, what is in it, and how it is. */
export type Shown = Readonly<Record<string, unknown>>;

/** Everything in a container and in what it has mounted, by its sum; of one that is not running what it said. */
const LOOK = `docker ps -a --no-trunc --filter label=com.docker.compose.project=$app --filter label=com.docker.compose.oneoff=False --format '{{.ID}} {{.Names}}' >/tmp/look
while read -r id name; do
  docker inspect --format '{{.State.Status}} {{.State.ExitCode}}|{{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.HostConfig.VolumesFrom}}|{{range .Mounts}}{{.Destination}} {{end}}' $id >/tmp/looked
  IFS='|' read -r state others targets </tmp/looked
  echo "$name state $state"
  for other in $others; do case $other in *[0-9a-f]*[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*) other=\${other#*container:}; other=\${other#[}; other=\${other%%[]:]*}; grep "^$other" /tmp/look | sed "s/^[^ ]* /$name with /" | grep . || echo "$name with one that is gone" ;; esac; done
  case $state in running*) ;; *) docker logs $id 2>&1 | sed "s/^/$name said /"; continue ;; esac
  docker exec -u 0 $id /bin/busybox sh -c 'busybox=/bin/busybox; set -- / "$@"; for each in /run/secrets/* /banner /banner-* /from-env /from-file; do [ ! -e "$each" ] || set -- "$@" "$each"; done
    look() { $busybox find "$@" -xdev ! -path "/proc*" ! -path "/sys*" ! -path "/dev*" ! -path "/bin/*" ! -path /etc/hosts ! -path /etc/resolv.conf ! -path /etc/hostname "$kind" "$what" -exec "$busybox" $how "{}" +; }
    kind=-type what=f how=md5sum; look "$@"; how="stat -c %a_%n"; look "$@"; what=l how="ls -l"; look "$@" | $busybox sed "s/.* \\(\\/.* ->\\)/\\1/"' sh $targets </dev/null | sed "s/^/$name inside /"
done </tmp/look`;

/** What there is of a project, by container; and its networks and volumes. */
export async function shownOf(guest: Shell, app: string): Promise<ReadonlyMap<string, Shown>> {
  const lines = (await guest.later(`app=${app}\n${LOOK}`)).split('\n');
  const containers = containersOf(guest, app);
  const standing = await guest.later(`app=${app}
for each in $(docker network ls -q --filter label=com.docker.compose.project=$app); do docker network inspect --format 'network {{.Name}} {{.Driver}} {{.Internal}} {{.Attachable}} {{json .Options}} {{json .Labels}}' $each; done
for each in $(docker volume ls -q --filter label=com.docker.compose.project=$app | grep -vE '^[0-9a-f]{64}$'); do docker volume inspect --format 'volume {{.Name}} {{.Driver}} {{json .Options}} {{json .Labels}}' $each; done`);
  const shown = [...containers].map(
    ([name, { Image: _image, ...settings }]) =>
      [
        name,
        {
          ...settings,
          inside: [
            ...new Set(lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))),
          ].toSorted(),
        },
      ] as const,
  );
  return new Map<string, Shown>([
    ...shown,
    ...standing
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.split(' ').slice(0, 2).join(' '), { line }] as const),
  ]);
}

/** Where two differ: paths, with what each has. */
export function differences(ours: unknown, theirs: unknown, path = ''): readonly string[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    const [a, b] = [ours, theirs].map((list) => new Set(list.map((each) => JSON.stringify(each)))) as [
      Set<string>,
      Set<string>,
    ];
    return [
      ...[...a].filter((each) => !b.has(each)).map((each) => `${path}: only ours ${each}`),
      ...[...b].filter((each) => !a.has(each)).map((each) => `${path}: only plain ${each}`),
    ];
  }
  if (isMembers(ours) && isMembers(theirs))
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((key) =>
      differences(ours[key], theirs[key], `${path}/${key}`),
    );
  return [
    `${path}: ours ${JSON.stringify(ours)?.slice(0, 300) ?? 'nothing'}, plain ${JSON.stringify(theirs)?.slice(0, 300) ?? 'nothing'}`,
  ];
}
const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
