import { describe, expect, it } from 'vitest';
import { dotenvLine } from '@zebu/kit/core';
import { runnerApp, said } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const OLD = `it's "old" \\ $(id) \`x\` & %s`;
const NEW = 'new\nsecond line\t-n';
const FILES = `old_values=$base/old new_values=$base/new store=$base/shared/secrets begun=0; : >"$store/apply"
`;

describe.each(vmShells())('data that follows a secret, in $name', { timeout: 60_000 }, (shell) => {
  const setup = (): ReturnType<typeof runnerApp> => {
    const app = runnerApp(shell);
    const version = (values: Readonly<Record<string, string>>): string =>
      Object.entries(values)
        .map(([name, value]) => `${dotenvLine(name, value)}\n`)
        .join('');
    app.write('old', version({ DB: 'x', DB_PASSWORD: OLD }));
    app.write('new', version({ DB_PASSWORD: NEW, DB: 'y' }));
    return app;
  };

  it('has both values as they are, over standard input and never in a process list, in the VM', () => {
    const app = setup();
    const { lines, journal } =
      app.run(`${FILES}commands=1 name_1=DB_PASSWORD service_1= command_1='printf "%s|%s" "$ZEBU_OLD" "$ZEBU_NEW" >"$PWD/../../../told"; pwd; cat; ps -ef 2>/dev/null | grep -c "[s]econd line" || :'
follow_all; echo "$? $begun"; cat "$store/apply"`);
    expect(lines).toEqual(['0 1', 'begun=1']);
    expect(app.read('told')).toBe(`${OLD}|${NEW}`);
    expect(said(journal)).toEqual([`${app.base}/releases/r2/tree`, '0']);
  });

  it('is told in the container of the service that has it', () => {
    const app = setup();
    app.docker({
      'ps -q':
        '[ "$7" = "label=com.docker.compose.service=db" ] || [ "$6" = "label=com.docker.compose.service=db" ] && echo id-db',
      'exec -i id-db sh': 'sh',
    });
    const { journal, docker } =
      app.run(`${FILES}commands=1 name_1=DB_PASSWORD service_1=db command_1='printf "%s\\n" "$ZEBU_OLD"'
follow_all`);
    expect(said(journal)).toEqual([OLD]);
    expect(docker.at(-1)).toBe('exec -i id-db sh');
    expect(docker.join('\n')).not.toContain('old');
  });

  it('stops at the command that fails, which by its own word did nothing, and says so', () => {
    const app = setup();
    const { lines } = app.run(`${FILES}commands=3
name_1=DB service_1= command_1='echo one >>"$PWD/../../../done"'
name_2=DB_PASSWORD service_2= command_2='echo "no \\"role\\""; exit 4'
name_3=DB service_3= command_3='echo three >>"$PWD/../../../done"'
follow_all || echo "$begun $cause: $reason"; cat "$base/done" "$store/apply"`);
    expect(lines).toEqual([
      '1 rotate-failed: rotate.command of DB_PASSWORD failed with exit status 4: no "role"',
      ...['one', 'begun=1', 'begun=2'],
    ]);
  });

  it('says that the service does not run, rather than nothing', () => {
    const app = setup();
    app.docker({ 'ps -q': ':' });
    const { lines } = app.run(`${FILES}commands=1 name_1=DB service_1=db command_1=:; follow_all || echo "$reason"`);
    expect(lines).toEqual(['rotate.command of DB failed with exit status 1: the service db does not run']);
  });

  it('is taken back from the last command on, and what cannot be is said while the others are', () => {
    const app = setup();
    const { lines } = app.run(`${FILES}begun=3
for n in 1 2 3; do eval "name_$n=DB service_$n="; done
command_1='echo "1 $ZEBU_OLD>$ZEBU_NEW" >>"$PWD/../../../done"'
command_2='exit 5'
command_3='[ -e "$PWD/../../../once" ] || { : >"$PWD/../../../once"; exit 1; }; echo "3 $ZEBU_OLD>$ZEBU_NEW" >>"$PWD/../../../done"'
step=rotate; follow_back; echo "$? $begun $stuck"; cat "$base/done"`);
    expect(lines).toEqual([
      '1 0 the data could not be taken back: rotate.command of DB failed with exit status 5: ',
      // It had not been done: it is, and is taken back.
      ...['3 x>y', '3 y>x', '1 y>x'],
    ]);
  });

  it('can be taken back only where everything that has a command is running', () => {
    const app = setup();
    app.docker({ 'ps -q --filter status=running*service=db': 'echo id', 'ps -q': ':' });
    const { lines } = app.run(
      `begun=2 service_1=db service_2=; can_follow_back; echo "$?"; service_2=web; can_follow_back; echo "$?"`,
    );
    expect(lines).toEqual(['0', '1']);
  });
});
