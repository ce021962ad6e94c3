import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dotenvLine, editDotenv } from '../../../plugins/kit/src/dotenv/write.js';
import { generator, pieces } from '../../support/dotenv-files.js';

export interface Sample {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Files as people write them, the same values as zebu writes them for itself, and as it writes them into a file, by turns. */
export function samples(count: number, seed: number): readonly Sample[] {
  const random = generator(seed);
  return Array.from({ length: count }, (_, n) => {
    const { text, values } = pieces(random);
    if (n % 3 === 0) return { text, values };
    if (n % 3 === 1) {
      const lines = Object.entries(values).map(([name, value]) => dotenvLine(name, value));
      return { text: `${lines.join('\n')}\n`, values };
    }
    const other = pieces(random).values;
    return { text: editDotenv(text, new Map(Object.entries(other))), values: { ...values, ...other } };
  });
}

/**
 * A script for `sh` that has Compose's own parser read every file, each as the env_file of a service of its own: one
 * start of Compose for all of them.
 */
export function agreementScript(all: readonly Sample[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'zebu-agree-'));
  try {
    all.forEach(({ text }, n) => writeFileSync(join(folder, `${n}.env`), text));
    const services = all.map((_, n) => `  s${n}: { image: x, env_file: [${n}.env] }`);
    writeFileSync(join(folder, 'compose.yml'), `services:\n${services.join('\n')}\n`);
    const { stdout } = spawnSync('tar', ['-C', folder, '-czf', '-', '.'], { maxBuffer: 1 << 28 });
    return `set -e
work=$(mktemp -d); cd "$work"
base64 -d <<'END' | tar -xz
${stdout.toString('base64').replaceAll(/.{76}/g, '$&\n')}
END
docker compose -p agree config --format json
cd /; rm -rf "$work"
`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What Compose read, file by file. Its output doubles dollar signs, so that it could be read again. */
export function composeReadings(stdout: string, count: number): readonly Readonly<Record<string, string>>[] {
  const { services } = JSON.parse(stdout) as { services: Record<string, { environment?: Record<string, string> }> };
  return Array.from({ length: count }, (_, n) =>
    Object.fromEntries(
      Object.entries(services[`s${n}`]?.environment ?? {}).map(([name, value]) => [name, value.replaceAll('$$', '$')]),
    ),
  );
}
