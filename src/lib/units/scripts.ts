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

/** Shell: the functions of install.sh, with what they find set; behind those of `unitFunctions`. */
export const installFunctions = ({ base, user }: Pick<UnitOwner, 'base' | 'user'>): string =>
  variables({ units_base: base, units_user: user }) + INSTALL;

/** Calls of them that write units, record them, and have what starts them started. */
export function installCalls(units: readonly RenderedUnit[]): readonly string[] {
  if (units.length === 0) return [];
  const calls = units.flatMap(({ name, files, program, folders }) => [
    ...folders.map((folder) => sh`folder_of_unit ${folder}`),
    sh`record ${name} ${base64(program.text)}`,
    sh`record ${`${name}.sum`} ${base64(`${program.sum}\n`)}`,
    ...files.map((file) => sh`record ${file.name} ${base64(file.text)}`),
  ]);
  const names = units.flatMap(({ files }) => files.map(({ name }) => name));
  return ['begin_units', ...calls, sh`place_units ${names}`];
}

/** For root: writes units, records them, and has what starts them started. Running it again changes nothing. */
export function installScript(owner: UnitOwner, units: readonly RenderedUnit[], systemd?: SystemdFolders): string {
  return callsScript(owner, installCalls(units), systemd);
}

/** For root: calls of functions of root.sh and install.sh, up to the first that fails. */
export function callsScript(owner: UnitOwner, calls: readonly string[], systemd?: SystemdFolders): string {
  return unitFunctions(owner, systemd) + installFunctions(owner) + asMain(calls);
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
