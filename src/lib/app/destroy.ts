import { sh, ZebuError } from '@zebu/kit';
import type { Context } from '../context/context.js';
import { openGuest } from '../guest/session.js';
import { runSteps } from '../ui/steps.js';
import { shortNote } from '../app-folder/author.js';
import { appLayout } from '../app-folder/layout.js';
import IN_USE from '../runner/in-use.sh';
import { LOCKED_STATUS, lockHeld, signLock, takeLock } from '../app-folder/lock.js';
import { notDeployed } from '../app-folder/status.js';
import type { Destroyed } from './results.js';

const MISSING_STATUS = 66;

/**
 * The images of an app, by the names that are its own: what zebu pinned for it and no other app here needs, and what its
 * builds are called. The same image under other names is somebody else's.
 */
const OWN_IMAGES = String.raw`
own_images() {
  for each in "$base"/../*/; do
    [ "$(basename "$each")" = "$project" ] || cat "$each"releases/*/images.yml 2>/dev/null
  done | sed -n 's/^ *image: "\(.*\)"$/\1/p' | sort -u >"$work/others"
  {
    docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "reference=zebu/$project-*"
    docker image ls --format '{{.Repository}}:{{.Tag}}' --filter "label=com.docker.compose.project=$project" | {
      {
        cat "$base"/releases/*/image-names 2>/dev/null
        cat "$base"/releases/*/images.yml 2>/dev/null | sed -n 's|^ *image: "zebu/\(.*\):[0-9a-f]*"$|\1|p'
      } | awk '{ print (/:[^\/]*$/) ? $0 : $0 ":latest" }' >"$work/named"
      awk 'FILENAME == ARGV[1] { named[$1] = 1; next } $1 in named' "$work/named" -
    }
  } | grep -v '<none>' | sort -u | comm -23 - "$work/others"
}
`;

/**
 * Under the app's lock, so that it never runs into a deploy. Without `volumes` the data stays, and with it `shared`:
 * a database whose password is forgotten is as lost as one that was removed. So does the folder of a release that a volume
 * points into.
 */
export function destroyScript(project: string, holder: string, volumes: boolean): string {
  const { base } = appLayout(project);
  const down = ['--remove-orphans', ...(volumes ? ['--volumes'] : [])];
  const own = `label=com.docker.compose.project=${project}`;
  return (
    sh`
cd ${base} 2>/dev/null || exit ${MISSING_STATUS}
` +
    takeLock() +
    signLock(holder) +
    sh`
gone() { rm -rf "$@" 2>/dev/null || sudo -n rm -rf "$@"; }
docker volume ls -q --filter ${own} | sed 's/^/volume=/'
ids=$(docker ps -aq --filter ${own} --filter label=com.docker.compose.oneoff=True) || exit 1
[ -z "$ids" ] || docker rm -f $ids >/dev/null 2>&1
docker compose --progress plain -p ${project} down ${down} 9>&- 1>&2 || exit 1
base=${base} project=${project}
` +
    IN_USE +
    OWN_IMAGES +
    sh`
work=$(mktemp -d) || exit 1
own_images >"$work/images"
if [ ${volumes ? 1 : 0} = 1 ]; then : >"$work/in-use"
else used_releases "$work" >"$work/in-use" || { rm -rf "$work"; echo 'Docker does not say what is in use' >&2; exit 1; }
fi
while read -r image; do docker image rm "$image" </dev/null >/dev/null 2>&1; done <"$work/images"
docker image prune -f --filter ${own} >/dev/null 2>&1
if [ ${volumes ? 1 : 0} = 1 ]; then cd / && gone ${base}
else
  for each in * .incoming .run.* releases/*; do
    case $each in
      shared|lock|releases) continue ;;
      releases/*) ! grep -qxF "$(basename "$each")" "$work/in-use" || continue ;;
    esac
    [ ! -e "$each" ] && [ ! -L "$each" ] || gone "$each"
  done
  rmdir releases 2>/dev/null
fi
rm -rf "$work"
`
  );
}

/** @param confirm asks before anything is removed. @throws APP_MISSING, LOCK_HELD, NEEDS_CONFIRMATION */
export async function destroyApp(context: Context, volumes: boolean, confirm: () => Promise<true>): Promise<Destroyed> {
  const { config, io, signal } = context;
  const { name } = config.app;
  await confirm();
  const note = shortNote(context, 'app:destroy');
  let found: readonly string[] = [];
  await runSteps(io, signal, [
    {
      title: `Remove ${name}${volumes ? ' and its data' : ''}`,
      run: async (report) => {
        report.update('finding and connecting to the VM');
        const { session } = await openGuest(context);
        report.update('stopping');
        let said = '';
        const { code, stdout } = await session.exec(
          { line: destroyScript(name, note, volumes) },
          {
            signal,
            timeoutMs: (config.deploy.timeout + 300) * 1000,
            onStderr: (text) => {
              said = text.trim().split('\n').at(-1) ?? said;
              if (said !== '') report.output(said);
            },
          },
        );
        if (code === MISSING_STATUS) throw notDeployed(name);
        if (code === LOCKED_STATUS) throw lockHeld(stdout);
        if (code !== 0) throw new ZebuError('VM_NOT_READY', `${name} could not be removed: ${said}`);
        found = stdout.split('\n').flatMap((line) => (line.startsWith('volume=') ? [line.slice(7)] : []));
      },
    },
  ]);
  return { app: name, changed: true, volumes: found, dataRemoved: volumes };
}
