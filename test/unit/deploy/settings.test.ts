import { describe, expect, it } from 'vitest';
import { compareSettings } from '../../../src/lib/deploy/dry-run/settings.js';
import GONE from '../../../src/lib/app-folder/gone.sh';
import COMPOSE from '../../../src/lib/runner/compose.sh';
import ENV_FILE from '../../../src/lib/runner/env-file.sh';
import { inVmShell } from '../../support/vm-shell.js';

interface Release {
  readonly from: 'here' | 'live';
  readonly settings?: string;
  readonly compose?: string;
}

/** Loads a release beside a live one that has the settings `live`, and runs `then`. */
function loaded(
  { from, settings = '', compose = 'services: {}' }: Release,
  live: string | undefined,
  then: string,
): readonly string[] {
  const script = `
base=$folder/app work=$folder/work files='-f compose.yml'
mkdir -p $base/releases/old $base/releases/new/tree $base/shared/secrets $work
ln -s releases/old $base/current
${live === undefined ? '' : `printf '%s' "${live}" >$base/releases/old/settings.env`}
cat >$base/releases/new/plan <<'P'
project=app
folder=tree
release_env="ZEBU_REF='v2'
"
settings_from=${from}
settings="${settings}"
secrets=7.env
P
cat >$base/releases/new/tree/compose.yml <<'C'
${compose}
C
printf "TOKEN='sesame'\\n" >$base/shared/secrets/7.env
logged() { "$@"; }
${GONE}${COMPOSE}${ENV_FILE}
load $base/releases/new
${then}`;
  return inVmShell({}, script);
}

const A1 = "A='1'\nB='x'\n";

describe('settings of a release', { timeout: 60_000 }, () => {
  it('are what was sent, before the secrets for Compose', () => {
    const then = 'cat $release/settings.env; echo "$environment" | tr " " "\\n" | sed -n "s|.*/||p"';
    expect(loaded({ from: 'here', settings: A1 }, "A='0'\n", then)).toEqual([
      "A='1'",
      "B='x'",
      'settings.env',
      '7.env',
      'release.env',
    ]);
  });

  it('are those of the live release where there was no .env, and stay so', () => {
    const then = `cat $release/settings.env; printf "A='9'\\n" >$base/current/settings.env; load $release; cat $release/settings.env`;
    expect(loaded({ from: 'live' }, "A='0'\n", then)).toEqual(["A='0'", "A='0'"]);
    expect(loaded({ from: 'live' }, undefined, 'wc -c <$release/settings.env')).toEqual(['0']);
  });

  it('are told by name in what they differ', () => {
    expect(loaded({ from: 'here', settings: A1 }, "A='0'\nC='y'\n", 'say_settings')).toEqual([
      'settings of .env: added B; changed A; removed C',
    ]);
    expect(loaded({ from: 'here', settings: A1 }, A1, 'say_settings; echo nothing')).toEqual(['nothing']);
    expect(loaded({ from: 'live' }, A1, 'say_settings')).toEqual([
      'settings: there is no .env where this was deployed from; kept from the live release: A, B',
    ]);
  });

  it('are in .env with the secrets, where the Compose files ask for it, and what names the release is not', () => {
    const file = 'link_env_file; write_env_file; cat $tree/.env';
    for (const compose of [
      'services: { web: { env_file: .env } }',
      "services: { web: { volumes: ['./.env:/app/.env:ro'] } }",
    ])
      expect(loaded({ from: 'here', settings: "A='1'\n", compose }, undefined, file)).toEqual([
        "A='1'",
        "TOKEN='sesame'",
      ]);
    const none = 'link_env_file; [ -e $tree/.env ] || echo none';
    for (const compose of ['services: {}', 'services: { web: { volumes: [./app.env:/x] } } # .environment'])
      expect(loaded({ from: 'here', settings: "A='1'\n", compose }, undefined, none)).toEqual(['none']);
  });

  it('are shown by a plan with their values', () => {
    const [live, now] = ["A='0'\nB='x'\nC='y'\n", "A='1'\nB='x'\nD='z'\n"];
    expect(compareSettings(live, now, new Map())).toEqual([
      { name: 'A', value: '1', status: 'changed' },
      { name: 'B', value: 'x', status: 'unchanged' },
      { name: 'C', value: null, status: 'removed' },
      { name: 'D', value: 'z', status: 'added' },
    ]);
    expect(compareSettings("A='0'\n", "A='0'\n", undefined)).toEqual([{ name: 'A', value: '0', status: 'kept' }]);
  });
});
