import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dialogDifferences } from '../../../../src/lib/vm/provision/community-script/dialog-differences.js';
import { SCRIPT, SCRIPT_FILES } from '../../../../src/lib/vm/provision/community-script/pin.js';
import { ROOT } from '../../../support/cli.js';

const FOLDER = join(ROOT, 'test', 'fixtures', 'community-script');

/** The script of our own in upstream's style, with one thing changed. */
function changed(path: string, from: RegExp | string, to: string): readonly string[] {
  const files = new Map(SCRIPT_FILES.map((each) => [each as string, readFileSync(join(FOLDER, each), 'utf8')]));
  const text = files.get(path) ?? '';
  const now = text.replace(from, () => to);
  if (from !== '' && now === text) throw new Error(`${String(from)} is not in ${path}`);
  return dialogDifferences(files.set(path, now));
}

const script = (from: RegExp | string, to: string): readonly string[] => changed(SCRIPT, from, to);

/** A line of the script, as a whole. */
const line = (start: string): RegExp => new RegExp(`^${start}.*\\n`, 'm');

describe('what a version of the community script asks', () => {
  it('is known where it is what zebu has answers for', () => {
    expect(script('', '')).toEqual([]);
  });

  it('is named where it is new, in the script or in what it sources', () => {
    expect(script('#:more', 'confirm "TELEMETRY" "Send statistics?" || leave')).toEqual([
      '"TELEMETRY" is new: yes or no (vm/docker-vm.sh line 23)',
    ]);
    expect(
      changed('misc/vm-core.func', /^msg_info\(\) \{/m, 'msg_info() {\n  whiptail --title "BUSY" --msgbox "$1" 8 58\n'),
    ).toEqual([expect.stringMatching(/^"BUSY" is new: a message to confirm \(misc\/vm-core\.func line \d+\)$/)]);
    expect(script('#:more', 'read -rp "Type yes: " SURE </dev/tty')).toEqual([
      expect.stringMatching(/^"Type yes: " is new: a question of another kind/),
    ]);
    expect(script('#:more', 'dialog --title "COLOUR" --checklist x 1 2 3 a b on')).toEqual([
      expect.stringMatching(/^"COLOUR" is new: a question of another kind/),
    ]);
  });

  it('is named where it has vanished', () => {
    expect(script(line('RAM='), 'RAM=4096\n')).toEqual(['"RAM" is not asked any more']);
    expect(script(line('CPU='), '')).toEqual(['"CPU MODEL" is not asked any more']);
  });

  it('is named where a title was changed: one new, one gone', () => {
    expect(script('"CORE COUNT"', '"CPU CORES"')).toEqual([
      expect.stringMatching(/^"CPU CORES" is new: a text to type/),
      '"CORE COUNT" is not asked any more',
    ]);
  });

  it('is named where it is of another kind', () => {
    const now = 'BRIDGE=$(choose "BRIDGE" vmbr0 "Bridge 0" ON vmbr1 "Bridge 1" OFF) || leave\n';
    expect(script(line('BRIDGE='), now)).toEqual([
      '"BRIDGE" is now a choice from a list, and was a text to type (vm/docker-vm.sh line 20)',
    ]);
  });

  it('is named where the order is another', () => {
    const [hn = '', ram = ''] = [/^HN=.*\n/m, /^RAM=.*\n/m].map(
      (each) => each.exec(readFileSync(join(FOLDER, SCRIPT), 'utf8'))?.[0],
    );
    const between = /^HN=[\s\S]*?^RAM=.*\n/m;
    const text = between.exec(readFileSync(join(FOLDER, SCRIPT), 'utf8'))?.[0] ?? '';
    expect(script(between, ram + text.slice(hn.length, -ram.length) + hn)).toEqual([
      '"RAM" is asked where "HOSTNAME" was: the order is another',
    ]);
  });

  it('is named where the choices are others, or mean something else', () => {
    expect(script('debian12 "Debian 12" OFF ', '')).toEqual([
      expect.stringMatching(/^"SELECT OS" does not offer debian12 any more/),
    ]);
    expect(script('debian12 "Debian 12" OFF', 'debian12 "Debian 12" OFF debian14 "Debian 14" OFF')).toEqual([
      expect.stringMatching(/^"SELECT OS" offers debian14, which is new/),
    ]);
    expect(script('1 Host ON 0 KVM64 OFF', '0 Host ON 1 KVM64 OFF')).toEqual([
      expect.stringMatching(/^"CPU MODEL" says of 0: "Host", not "KVM64"/),
      expect.stringMatching(/^"CPU MODEL" says of 1: "KVM64", not "Host"/),
    ]);
  });

  it('is read through variables, functions, lines that go on, comments and here-documents', () => {
    const now = [
      '# whiptail --title "IN A COMMENT" --yesno x 1 2',
      "cat <<'EOF' >/dev/null",
      'whiptail --title "IN A TEXT" --yesno x 1 2',
      'EOF',
      'name="RAM"',
      'RAM=$(whiptail --backtitle x \\',
      '  --inputbox "How much?" \\',
      '  8 58 4096 --title "${name}" 3>&1 1>&2 2>&3) || leave',
      '',
    ].join('\n');
    expect(script(line('RAM='), now)).toEqual([]);
    expect(script(line('RAM='), now.replace('name="RAM"', 'name="MEMORY"'))).toEqual([
      expect.stringMatching(/^"MEMORY" is new/),
      '"RAM" is not asked any more',
    ]);
    expect(script(line('RAM='), now.replace('name="RAM"', 'name=$(hostname)'))).toEqual([
      expect.stringMatching(/^something is asked whose title cannot be read/),
      '"RAM" is not asked any more',
    ]);
  });

  it('is only what comes on the way that zebu takes through it', () => {
    // Default settings are declined; nobody has typed nonsense; the way of another processor is no way of ours alone.
    expect(script('then leave; fi', 'then confirm "SURE" "Really?"; leave; fi')).toEqual([]);
    expect(script('#:more', 'if [ -z "$OS" ]; then confirm "NOTHING" "Nothing?"; fi')).toEqual([]);
    expect(script('#:more', 'if [ "$ARCH" = arm64 ]; then confirm "ARM" "On ARM?"; fi')).toEqual([
      expect.stringMatching(/^"ARM" is new/),
    ]);
    expect(script('#:more', 'case $OS in ubuntu*) confirm "PRO" "Ubuntu Pro?" ;; esac')).toEqual([
      expect.stringMatching(/^"PRO" is new/),
    ]);
  });

  it('is followed past functions that may return early, loops that are left and ways that end', () => {
    const check =
      'check() { if [ "$(id -u)" != 0 ]; then exit 1; fi; if [[ $(date +%u) -gt 5 ]]; then return 0; fi; exit 2; }; check';
    expect(script('#:more', `${check}\nwhile :; do if grep -q x /etc/y; then break; fi; exit 1; done`)).toEqual([]);
    expect(script('#:more', 'leave')).toContain('"RAM" is not asked any more');
  });

  it('is refused where it cannot be read', () => {
    expect(script('#:more', 'if true; then')).toEqual([
      expect.stringMatching(/^it cannot be followed to its end: vm\/docker-vm\.sh/),
    ]);
    expect(script('#:more', `x=${'$('.repeat(50_000)}`)).toEqual([expect.stringMatching(/cannot be followed/)]);
  });

  it('is read in a time that grows with it, whatever it says', () => {
    for (const text of [
      'a='.repeat(40_000),
      '"'.repeat(40_001),
      '((('.repeat(20_000),
      '<<E '.repeat(20_000),
      'f() { f; f; };f;'.repeat(3000),
    ]) {
      const started = performance.now();
      script('#:more', text);
      expect(performance.now() - started).toBeLessThan(10_000);
    }
  });
});
