import { execFileSync } from 'node:child_process';
import type { Shell } from '../guest-shell.js';
import { PLAIN_FOLDER } from '../plain-compose.js';
import { dotenv, type App } from './app.js';

/** Plain Compose in a VM of its own, with a checkout of the commit as git leaves it: what is the same stays where it is. */
export class Reference {
  readonly #guest: Shell;
  readonly #project: string;

  constructor(guest: Shell, project: string) {
    this.#guest = guest;
    this.#project = project;
  }

  get guest(): Shell {
    return this.#guest;
  }

  /** @returns what went wrong */
  async #up(before: string): Promise<string | null> {
    const compose = `docker compose -p ${this.#project} -f compose.yml`;
    const said = await this.#guest.later(`export BUILDX_GIT_INFO=0; cd ${PLAIN_FOLDER}
${before === '' ? ':' : `${compose} ${before} >/dev/null 2>&1`}
${compose} build >/tmp/said 2>&1 && ${compose} up -d --remove-orphans >/tmp/said 2>&1 && sleep 1 && echo fine || tail -n 5 /tmp/said`);
    return said === 'fine' ? null : said;
  }

  /** Brings the commit of a repository up. @returns what went wrong */
  async commit(repository: string, app: App): Promise<string | null> {
    const archive = execFileSync('git', ['archive', 'HEAD', ':!zebu.yml'], { cwd: repository }).toString('base64');
    const env = app.files['.env'] === undefined ? Buffer.from(dotenv(app)).toString('base64') : '';
    await this.#guest.later(`set -e
rm -rf /tmp/new && mkdir /tmp/new && base64 -d <<'END' | tar -x -C /tmp/new
${archive}
END
export GIT_DIR=/tmp/plain.git
sudo mkdir -p ${PLAIN_FOLDER} && sudo chown "$(id -u)" ${PLAIN_FOLDER} && rm -f ${PLAIN_FOLDER}/.env
[ -d "$GIT_DIR" ] || git init -q --bare "$GIT_DIR"
cd /tmp/new
export GIT_INDEX_FILE=/tmp/plain.new
git --work-tree=. read-tree --empty && git --work-tree=. add -A -f . && tree=$(git write-tree)
unset GIT_INDEX_FILE
cd ${PLAIN_FOLDER} && git --work-tree=. read-tree --reset -u "$tree"
${env === '' ? ':' : `echo ${env} | base64 -d >.env`}`);
    return this.#up('');
  }

  /** The same from nothing: containers and networks are made anew, volumes stay. */
  anew(): Promise<string | null> {
    return this.#up('down -t 0 --remove-orphans');
  }
}
