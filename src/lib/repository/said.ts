import { ATTRIBUTE_FILES, CONVERSIONS, type GitProgram } from './git-program.js';
import { isEnvFile } from './unsent.js';

/** What files of a commit say that decides whether more has to be looked for. */
export interface Said {
  /** A checkout may have other texts than the commit, by the `.gitattributes` in it. */
  readonly converts: boolean;
  /** Its YAML names an env file, or a part that may have one beside it. */
  readonly namesEnvFiles: boolean;
  /** YAML of it that has `services` at the beginning of a line, as nearly every Compose file: paths from its top. */
  readonly haveServices: ReadonlySet<string>;
}

const YAML = ['yml', 'yaml'];
const FILES = [
  ATTRIBUTE_FILES,
  ...YAML.flatMap((ending) => [`:(top,glob)**/*.${ending}`, `:(top,exclude,glob).github/**/*.${ending}`]),
  ':(top,exclude,glob)**/.gitlab-ci.yml',
];

/** Lines that may say it, as extended regular expressions. */
const LINES = [`^[^#]*(${CONVERSIONS})`, '[.]env', `/[^ "']*[.]ya?ml`, '^services'];
const CONVERTING = new RegExp(LINES[0] ?? '');

/** A part of a Compose file, or the name of an env file other than the `.env` at the top. */
function asksFor(line: string): boolean {
  const part = line
    .split(/[ "']/)
    .some((word) => word.includes('/') && YAML.some((ending) => word.lastIndexOf(`.${ending}`) > word.indexOf('/')));
  if (part) return true;
  const names = line.match(/\/?[A-Za-z0-9_.-]+/g) ?? [];
  return names.some((name) => name === '/.env' || (name !== '.env' && isEnvFile(name.replace(/^\//, ''))));
}

/**
 * One walk through the tree of the commit for all of it, since each takes git half a tenth of a second where there are 100,000 files. Most commits
 * say neither of the first two, and then nothing is to be looked for in all folders of the working tree.
 */
export async function saidBy(git: GitProgram, commit: string): Promise<Said> {
  const patterns = LINES.flatMap((pattern) => ['-e', pattern]);
  const { stdout } = await git.run(['grep', '-a', '-z', '-E', '--full-name', ...patterns, commit, '--', ...FILES]);
  let [converts, namesEnvFiles] = [false, false];
  const haveServices = new Set<string>();
  for (let at = 0; at < stdout.length;) {
    const name = stdout.indexOf('\0', at);
    const end = stdout.indexOf('\n', name);
    if (name < 0) break;
    const line = stdout.slice(name + 1, end < 0 ? undefined : end);
    const path = stdout.slice(at + commit.length + 1, name);
    if (/(?:^|\/)\.gitattributes$/.test(path)) converts ||= CONVERTING.test(line);
    else {
      namesEnvFiles ||= asksFor(line);
      if (line.startsWith('services')) haveServices.add(path);
    }
    if (end < 0) break;
    at = end + 1;
  }
  return { converts, namesEnvFiles, haveServices };
}
