import { sh, variables } from '@zebu/kit';
import { UNITS_FOLDER, type RenderedUnit, type UnitOwner } from './unit.js';
import INSTALL from './install.sh';
import LOOK from './look.sh';
import MAIN from './main.sh';
import ROOT from './root.sh';

/** Where systemd reads. Tests have another one. */
export interface SystemdFolders {
  readonly etc: string;
  readonly run: string;
}

const SYSTEMD: SystemdFolders = { etc: '/etc/systemd/system', run: '/run/systemd/system' };

const known = ({ app, base }: Pick<UnitOwner, 'app' | 'base'>, { etc, run } = SYSTEMD): string =>
  variables({ units_app: app, units_record: `${base}/${UNITS_FOLDER}`, units_etc: etc, units_run: run });

/** Shell: the functions of root.sh, with what they find set. */
export function unitFunctions(owner: Pick<UnitOwner, 'app' | 'base'>, systemd?: SystemdFolders): string {
  return known(owner, systemd) + ROOT;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const asMain = (calls: readonly string[]): string => variables({ calls: calls.join(' &&\n') }) + MAIN;

/** For root: writes units, records them, and has what starts them started. Running it again changes nothing. */
export function installScript(owner: UnitOwner, units: readonly RenderedUnit[], systemd?: SystemdFolders): string {
  const calls = units.flatMap(({ name, files, program, folders }) => [
    ...folders.map((folder) => sh`folder_of_unit ${folder}`),
    sh`record ${name} ${base64(program.text)}`,
    sh`record ${`${name}.sum`} ${base64(`${program.sum}\n`)}`,
    ...files.map((file) => sh`record ${file.name} ${base64(file.text)}`),
  ]);
  const names = units.flatMap(({ files }) => files.map(({ name }) => name));
  return (
    unitFunctions(owner, systemd) +
    variables({ units_base: owner.base, units_user: owner.user }) +
    INSTALL +
    asMain(['begin_units', ...calls, sh`place_units ${names}`])
  );
}

/** For root: takes units away, and what starts them first. @param names empty for all of the app */
export function removeScript(
  owner: Pick<UnitOwner, 'app' | 'base'>,
  names: readonly string[] = [],
  systemd?: SystemdFolders,
): string {
  return unitFunctions(owner, systemd) + asMain([sh`remove_units ${names}`]);
}

/** Needs no root, see look.sh. */
export const lookScript = (owner: Pick<UnitOwner, 'app' | 'base'>, systemd?: SystemdFolders): string =>
  known(owner, systemd) + LOOK;
