import { part, section, service, toggle, type EditRow } from './row.js';

export const STANDING: readonly EditRow[] = [
  {
    name: 'network: mtu',
    apply: (app, n) => {
      section(app, 'networks')['inner'] = { driver_opts: { 'com.docker.network.driver.mtu': String(1300 + n) } };
    },
  },
  {
    name: 'network: internal',
    apply: (app) => {
      section(app, 'networks')['inner'] = { ...part(section(app, 'networks'), 'inner') };
      toggle(part(section(app, 'networks'), 'inner'), 'internal', true);
    },
  },
  {
    name: 'network: subnet',
    apply: (app, n) => {
      section(app, 'networks')['inner'] = { ipam: { config: [{ subnet: `10.9.${n % 200}.0/24` }] } };
    },
  },
  {
    name: 'network: labels',
    apply: (app, n) => {
      section(app, 'networks')['inner'] = { labels: { n: String(n) } };
    },
  },
  {
    name: 'network: name',
    apply: (app, n) => {
      section(app, 'networks')['inner'] = { name: `own-net-${n % 3}` };
    },
  },
  {
    name: 'network: default',
    apply: (app, n) => {
      section(app, 'networks')['default'] =
        n % 2 ? { driver_opts: { 'com.docker.network.driver.mtu': String(1300 + n) } } : { name: 'own-default' };
    },
  },
  {
    name: 'network: plain again',
    apply: (app) => {
      app.compose['networks'] = { inner: {} };
    },
  },
  {
    name: 'volume: comes',
    apply: (app, n) => {
      app.compose['volumes'] = { db: {}, [`vol${n}`]: { labels: { n: String(n) } } };
      service(app, 'db')['volumes'] = ['db:/data', `vol${n}:/vol`];
    },
  },
];
