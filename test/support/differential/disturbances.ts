/** What happens to the VM between two deploys. `n` is another number each time. */
export interface Disturbance {
  readonly name: string;
  /** In both VMs, with `$app` and `of SERVICE` for its containers. */
  readonly both?: (n: number) => string;
  /** Where zebu deploys alone: `$base` is the app's folder. */
  readonly ours?: (n: number) => string;
  /** Words for zebu. */
  readonly zebu?: readonly string[];
  /** Whether Compose leaves it as it is, so that it would be found with every step to come. */
  readonly stays?: true;
  /** After how many seconds a deploy of the same commit is killed in the VM. */
  readonly killed?: (n: number) => number;
  /** Words for the deploy that follows. */
  readonly deploy?: readonly string[];
}

/** The beginning of each script. */
export const WORDS = `of() { docker ps -aq --no-trunc --filter label=com.docker.compose.project=$app --filter label=com.docker.compose.service=$1 | head -n 1; }
some() { [ -n "$(of $1)" ]; }
`;
const each = (words: string, names = 'db'): string =>
  `for name in ${names}; do ! some $name || ${words.replaceAll('$it', '$(of $name)')}; done`;

/** An image made anew: it is the one before and one file. */
const made = (image: string, n: number): string =>
  `printf 'FROM ${image}\\nRUN echo ${n} >/moved\\n' | DOCKER_BUILDKIT=1 docker build -q -t ${image} - >/dev/null`;

/** Files of the VM that no commit has. */
export const OUTSIDE = (n: number): string => `sudo mkdir -p /srv/outside && sudo chown "$(id -u)" /srv/outside
echo ${n} >/srv/outside/secret; echo OUTSIDE=${n} >/srv/outside/env
printf 'services: { outer: { image: "base:1", stop_signal: SIGKILL, environment: { N: ${n} } } }\\n' >/srv/outside/compose.yml`;

export const DISTURBANCES: readonly Disturbance[] = [
  { name: 'nothing' },
  { name: 'stopped', both: () => each('docker stop -t 0 $it', 'db api') },
  { name: 'killed', both: () => each('docker kill $it', 'web') },
  { name: 'paused', both: () => each('docker pause $it', 'cache') },
  { name: 'removed', both: () => each('docker rm -f $it', 'db') },
  { name: 'all removed', both: () => 'docker rm -f $(docker ps -aq) >/dev/null' },
  { name: 'removed whose network others have', both: () => each('docker rm -f $it', 'api') },
  { name: 'renamed', stays: true, both: (n) => each(`docker rename $it other-${n}`) },
  { name: 'taken off its network', both: () => each('docker network disconnect -f ${app}_default $it', 'cache') },
  {
    name: 'put on another network',
    stays: true,
    both: () => `docker network create other 2>/dev/null; ${each('docker network connect other $it')}`,
  },
  {
    name: 'off and on again without its names',
    stays: true,
    both: () =>
      each('{ docker network disconnect ${app}_default $it && docker network connect ${app}_default $it; }', 'api'),
  },
  { name: 'restarts no more', stays: true, both: () => each('docker update --restart no $it', 'db') },
  {
    name: 'other limits',
    stays: true,
    both: () => each('docker update --memory 100m --memory-swap 100m $it', 'cache'),
  },
  {
    name: 'a file in the container',
    stays: true,
    both: () => each('docker exec -u 0 $it sh -c "echo x >/junk; rm -f /mark"', 'cache db'),
  },
  { name: 'base:1 moved', both: (n) => made('base:1', n) },
  { name: 'tool:1 moved', both: (n) => made('tool:1', n) },
  { name: 'tag of a built image moved', both: () => 'docker tag tool:1 lean/web:1; docker tag tool:1 ${app}-api' },
  { name: 'names of images removed', both: () => 'docker image rm -f lean/web:1 ${app}-api >/dev/null 2>&1 || :' },
  {
    name: 'images that zebu named removed',
    ours: () =>
      `docker image rm -f $(docker image ls --format '{{.Repository}}:{{.Tag}}' 'zebu/*') >/dev/null 2>&1 || :`,
  },
  {
    name: 'pruned',
    both: () =>
      'docker image prune -f >/dev/null; docker builder prune -af >/dev/null; docker network prune -f >/dev/null',
  },
  {
    name: 'an orphan',
    both: () =>
      'docker run -d --name orphan --label com.docker.compose.project=$app --label com.docker.compose.service=orphan --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=1 --label com.docker.compose.config-hash=x base:1 >/dev/null',
  },
  {
    name: 'two of one',
    both: () =>
      `id=$(of db); docker run -d --name twin --label com.docker.compose.project=$app --label com.docker.compose.service=db --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=2 --label com.docker.compose.config-hash=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.config-hash"}}' $id) --label com.docker.compose.image=$(docker inspect -f '{{.Image}}' $id) --network $\{app}_default base:1 >/dev/null`,
  },
  {
    name: 'made by hand under its name',
    both: () =>
      `some db && name=$(docker inspect -f '{{.Name}}' $(of db)) && docker rm -f $(of db) && docker run -d --name $name base:1 >/dev/null; docker rm -f $name >/dev/null`,
  },
  { name: 'files of the VM', both: OUTSIDE },
  { name: 'the engine restarted', both: () => 'sudo systemctl restart docker' },
  {
    name: 'volume removed',
    both: () => `${each('docker rm -f $it', 'db')}; docker volume rm -f \${app}_db >/dev/null`,
  },
  {
    name: 'network removed',
    both: () =>
      'for id in $(docker ps -q --filter network=${app}_inner); do docker network disconnect -f ${app}_inner $id; done; docker network rm ${app}_inner >/dev/null 2>&1 || :',
  },
  {
    name: 'network made by hand',
    both: () =>
      'for id in $(docker ps -q --filter network=${app}_inner); do docker network disconnect -f ${app}_inner $id; done; docker network rm ${app}_inner >/dev/null 2>&1 || :; docker network create --label com.docker.compose.project=$app --label com.docker.compose.network=inner ${app}_inner >/dev/null',
  },
  {
    name: 'what is kept was edited',
    ours: (n) =>
      `for each in $(find $base/shared/files -type f 2>/dev/null); do of=\${each#*/files/}; [ -e $base/shared/writable/\${of%%/*} ] || echo ${n} >>"$each"; done`,
  },
  { name: 'what is kept is gone', ours: () => 'sudo rm -rf $base/shared/files' },
  {
    name: 'the live release was edited',
    ours: (n) => `for each in $(find $base/current/tree -type f); do echo ${n} >>"$each"; done`,
  },
  { name: 'the live release was emptied', ours: () => 'rm -rf $base/current/tree/*' },
  {
    name: 'the spare was edited',
    ours: (n) => `for each in $(find $base/spare -type f 2>/dev/null); do echo ${n} >>"$each"; done`,
  },
  { name: 'git of the VM is gone', ours: () => 'rm -rf $base/repo.git' },
  {
    name: 'what is known was taken',
    ours: (n) =>
      `cd $base/current/ && ls; rm -f $base/current/$(echo told whole facts builds named expected hashes built pulled | cut -d' ' -f$(( ${n} % 9 + 1 )))`,
  },
  {
    name: 'what is known is empty',
    ours: (n) =>
      `: >$base/current/$(echo told whole facts builds named expected hashes built pulled | cut -d' ' -f$(( ${n} % 9 + 1 )))`,
  },
  { name: 'a deploy killed', killed: (n) => (n % 5) + 0.5 },
  { name: 'secrets synced', zebu: ['secrets:sync', '--apply', '--yes'] },
  { name: 'rolled back', zebu: ['app:rollback'] },
  { name: 'stopped by zebu', zebu: ['app:stop'] },
  { name: 'pruned by zebu', zebu: ['app:prune', '--yes'] },
  { name: 'built anew', deploy: ['--rebuild'] },
  { name: 'other settings of zebu', deploy: ['--set', 'deploy.timeout=40'] },
  { name: 'rolling', deploy: ['--set', 'deploy.strategy=rolling'] },
];
