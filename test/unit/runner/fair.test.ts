import { describe, expect, it } from 'vitest';
import { runnerApp, says, seen } from '../../support/runner-app.js';
import { vmShells } from '../../support/shells.js';

const STARTED = '2026-11-28T12:00:00Z';

// What becomes of a verdict is in verdict.test.ts.
describe.each(vmShells())('what was there before a run, in $name', { timeout: 60_000 }, (shell) => {
  it('is noted before anything is touched, and is nothing when Docker does not say', () => {
    const app = runnerApp(shell);
    app.docker({
      'ps -aq': 'printf "%s\\n" one two',
      'inspect --format {{.ID}}|': says('one|2|then|true|web|seen', 'two|0|then|false|db|seen'),
    });
    expect(app.run('note_began; cat "$work/began"').lines).toEqual(['one|2|then|true|web', 'two|0|then|false|db']);
    app.docker({ 'ps -aq': 'exit 1' });
    expect(app.run('note_began; wc -c <"$work/began"').lines).toEqual(['0']);
    app.docker({ 'ps -aq': 'echo one', inspect: 'echo half; exit 1' });
    expect(app.run('note_began; wc -c <"$work/began"').lines).toEqual(['0']);
  });

  it('is judged from when all that was started in the run is ready, or at once where nothing was', () => {
    const app = runnerApp(shell);
    const look = (...list: readonly string[]): string => `cat >"$work/now" <<'E'\n${list.join('\n')}\nE\n`;
    const began = (line: string): string => `fair_since; echo '${line}' >"$work/began"\n`;
    const { lines } = app.run(`touched=
tell() { case $fresh in 20*) echo moment ;; *) echo "[$fresh]" ;; esac; }
${began(`id-web|0|${STARTED}`)}${look(seen({ service: 'web' }))}judge_fairly; tell
${began('id-web|0|before')}${look(seen({ service: 'web', health: 'starting' }))}judge_fairly; tell
${look(seen({ service: 'web', health: 'healthy' }))}judge_fairly; tell
touched=1
${began(`id-web|0|${STARTED}`)}${look(seen({ service: 'web' }))}judge_fairly; tell`);
    expect(lines).toEqual(['[any]', '[]', 'moment', 'moment']);
  });

  it('is given one quick trial where it looped before, and one only', () => {
    const app = runnerApp(shell);
    app.docker({ restart: ':' });
    const loop = seen({ service: 'web', state: 'restarting', restarts: 9 });
    const { docker, lines } = app.run(`fair_since; printf '%s\\n' 'id-web|8|${STARTED}' 'id-db|0|x' >"$work/began"
echo '${loop}' >"$work/now"; fresh=any touched=
judge_fairly; echo "$?"; cat "$work/began"; judge_fairly; echo "$?"`);
    expect(docker).toEqual(['restart id-web']);
    expect(lines).toEqual(['1', 'id-db|0|x', '0']);
  });

  describe('what starts in vain', () => {
    const began = (service: string): string => `id-${service}|0|before|true|${service}`;
    const loops = (restarts: number): string => seen({ service: 'web', state: 'restarting', restarts, exit: 1 });
    /** What is said of each look, `again` where the next one follows at once. */
    const looks = (
      before: readonly string[],
      list: readonly (readonly string[])[],
      previous = '',
    ): readonly string[] => {
      const app = runnerApp(shell);
      app.docker({
        inspect: says('web api:service_started:false', 'api db:service_started:true', 'db ', 'job '),
        restart: ':',
      });
      const each = list.map(
        (lines) => `cat >"$work/now" <<'E'\n${lines.join('\n')}\nE\njudge_fairly || echo again; cat "$work/judged"\n`,
      );
      const { lines, docker } = app.run(
        `previous=${previous} patience=100 touched=; clock; fair_since; printf '%s\\n' ${before.map((line) => `'${line}'`).join(' ')} >"$work/began"\n${each.join('')}`,
      );
      return [...lines, ...docker.filter((line) => line.startsWith('restart'))];
    };
    const db = seen({ service: 'db' });
    const failed = ['bad=shop-web-1', 'reason=web restarts again and again (4 times, last exit code 1)'];

    it('has time where what it depends on was started, too, and is only starting', () => {
      expect(looks([], [[loops(4), db]], 'r1')).toEqual(['again', 'waiting=web', 'unchecked=db']);
      expect(
        looks(
          [],
          [
            [loops(4), db],
            [loops(5), db],
          ],
          'r1',
        ).slice(3),
      ).toEqual(['waiting=web', 'unchecked=db']);
      expect(looks([], [[loops(4), seen({ service: 'job' })]])).toEqual(['waiting=web', 'unchecked=job']);
    });

    it('has none where nobody is to be waited for', () => {
      expect(looks([], [[loops(4)]])).toEqual(failed);
      expect(
        looks(
          [began('db')].map((line) => line.replace('before', STARTED)),
          [[loops(4), db]],
        ),
      ).toEqual([...failed, 'unchecked=db']);
      expect(looks([], [[loops(4), seen({ service: 'db', health: 'healthy' })]])).toEqual(failed);
      expect(looks([], [[loops(4), seen({ service: 'db', restarts: 1 })]]).slice(0, 2)).toEqual(failed);
      const job = seen({ service: 'job' });
      expect(
        looks(
          [],
          [
            [loops(4), job],
            [loops(4), job],
          ],
          'r1',
        ).slice(3),
      ).toEqual([...failed, 'unchecked=job']);
    });

    it('is not unhealthy by what it said until then', () => {
      const sick = (check: string): string => seen({ service: 'web', health: 'unhealthy', check });
      const ready = seen({ service: 'db', health: 'healthy' });
      expect(
        looks(
          [],
          [
            [sick('1'), db],
            [sick('1'), ready],
            [sick('2'), ready],
          ],
        ),
      ).toEqual([...['waiting=web', 'unchecked=db', 'waiting=web'], ...['bad=shop-web-1', 'reason=web is unhealthy']]);
      expect(looks([], [[sick('1'), ready]])).toEqual(['bad=shop-web-1', 'reason=web is unhealthy']);
    });

    it('is good once it stays up', () => {
      const up = seen({ service: 'web', restarts: 6 });
      const ready = seen({ service: 'db', health: 'healthy' });
      expect(
        looks(
          [],
          [
            [loops(4), db],
            [up, db],
            [up, ready],
          ],
        ),
      ).toEqual([...['waiting=web', 'unchecked=db', 'unchecked=web', 'unchecked=db'], 'unchecked=web']);
    });

    it('is started anew once when that is ready, and judged by it', () => {
      const ready = seen({ service: 'db', health: 'healthy' });
      expect(
        looks(
          [],
          [
            [loops(9), db],
            [loops(9), ready],
            [loops(2), ready],
            [loops(4), ready],
          ],
        ),
      ).toEqual([
        ...['waiting=web', 'unchecked=db'],
        ...['again', 'waiting=web'],
        'waiting=web',
        ...failed,
        'restart id-web',
      ]);
    });
  });

  it('is taken back where the clock was: what was said in that time does not count', () => {
    const app = runnerApp(shell);
    const { lines } = app.run(`fair_since; fresh=2030 touched=
echo '${seen({ service: 'web', health: 'unhealthy', check: 'check-1' })}' >"$work/now"
: >"$work/asked"; touch -d '2020-01-01 00:00:00' "$work/asked"; : >"$work/fresh"
judge_fairly; cat "$work/taken-back"; [ "$fresh" = 2030 ] || echo again`);
    expect(lines).toEqual(['id-web|check-1', 'again']);
  });
});
