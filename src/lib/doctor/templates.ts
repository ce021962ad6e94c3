import { findLeftovers } from '../temporary/leftovers.js';
import type { Context } from '../context/context.js';
import { formatBytes } from '../ui/units.js';
import { wantedKey } from '../vm/provision/template/clean.js';
import { readTemplates } from '../vm/provision/template/find.js';
import { isUnneeded, judgeTemplates, type JudgedTemplate } from '../vm/provision/template/unneeded.js';
import { ok, skip, warn, type Finding } from './check.js';
import { clientOf, type Findings } from './proxmox.js';

const REMEDY = 'zebu doctor --clean removes it.';

const named = ({ name, vmid, bytes }: JudgedTemplate): string => `${name} (VM ${vmid}, ${formatBytes(bytes)})`;

const described = (template: JudgedTemplate): string => {
  const { linked, old } = template;
  const vms = linked.length === 0 ? '' : `, to which VM ${linked.join(', ')} is linked`;
  return `${named(template)}${vms}${old === undefined ? '' : `; ${old}`}`;
};

/** The templates of zebu on the host: whether there is one for this VM, and which of them nobody needs. */
export async function templatesFinding(context: Context, findings: Findings): Promise<Finding> {
  const client = clientOf(findings);
  const { app, vm } = context.config;
  const [templates, left] = await Promise.all([readTemplates(client), findLeftovers(client, app.name, 'template')]);
  const killed = left.filter(({ ended }) => ended);
  if (killed.length > 0)
    return warn(
      `a run that was killed has left VM ${killed.map(({ place }) => place.vmid).join(', ')}, which was being made`,
      REMEDY,
    );
  if (templates.length === 0)
    return vm.template
      ? ok('none yet: the next vm:create makes one')
      : skip('there are none, and vm.template is not set');
  const key = await wantedKey(context);
  const judged = await judgeTemplates(client, templates, { app: app.name, key, now: context.clock.now() });
  const unneeded = judged.filter(isUnneeded);
  if (unneeded.length > 0)
    return warn(unneeded.map((each) => `${named(each)} is ${each.old ?? ''}`).join('; '), REMEDY);
  return ok(judged.map(described).join('; '));
}
