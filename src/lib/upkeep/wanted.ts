import { appLayout } from '../app-folder/layout.js';
import type { Config } from '../config/schema.js';
import type { UnitOwner, WantedUnits } from '../units/unit.js';
import { notifyPackages, notifyUnit } from './notify/unit.js';
import { watchUnits } from './watch/unit.js';

/** All units there can be. */
const NAMES = ['notify', 'watch', 'watch-heal'];

/** What the VM is to do by itself between deploys, as zebu.yml says. */
export function wantedUnits(config: Pick<Config, 'app' | 'notify' | 'watch'>): WantedUnits {
  const notify = notifyUnit(config);
  return {
    units: [...watchUnits(config), ...(notify === undefined ? [] : [notify])],
    names: NAMES,
    packages: notifyPackages(config),
  };
}

export const ownerOf = ({ app, vm }: Pick<Config, 'app' | 'vm'>): UnitOwner => ({
  app: app.name,
  base: appLayout(app.name).base,
  user: vm.user,
});
