import { file, hasBanner, hasFile, inYaml, part, section, service, without, type EditRow } from './row.js';

export const OF_PATHS: readonly EditRow[] = [
  file('conf/site.conf'),
  file('conf/site.conf', (n) => ({ program: `${n}\n` })),
  {
    name: 'a mounted file is a link',
    apply: (app, n) => {
      app.files['conf/real'] = `real ${n}\n`;
      app.files['conf/site.conf'] = { link: 'real' };
    },
    to: hasFile('conf/site.conf'),
  },
  {
    name: 'a mounted folder is a link',
    apply: (app, n) => {
      without(app, 'html');
      app.files['html-a/index.html'] = `a ${n}\n`;
      app.files['html-b/index.html'] = `b ${n}\n`;
      app.files['html'] = { link: n % 2 ? 'html-a' : 'html-b' };
    },
    to: hasFile('conf/site.conf'),
  },
  {
    name: 'a mounted folder',
    apply: (app, n) => {
      without(app, 'html');
      app.files['html/index.html'] = `${n}\n`;
      app.files[`html/${n % 2 ? 'Sub' : 'sub'}/x`] = n % 3 ? `${n}\n` : { program: `${n}\n` };
      app.files['html/in'] = { link: 'index.html' };
    },
    to: hasFile('conf/site.conf'),
  },
  {
    name: 'an executable bit alone',
    apply: (app, n) => {
      without(app, 'html');
      app.files['html/index.html'] = n % 2 ? { program: 'bit\n' } : 'bit\n';
    },
    to: hasFile('conf/site.conf'),
  },
  file('conf/given'),
  file('conf/secret'),
  file('init/script'),
  file('env/worker.env', (n) => `WORKER=${n}\nQUOTED="a b ${n}" # c\nREF=$LEVEL\n`),
  file('parts/more.conf'),
  inYaml('parts/common.yml', (of, n) => {
    part(part(of, 'services'), 'worker')['environment'] = { PART: n };
  }),
  inYaml('parts/more.yml', (of, n) => {
    part(part(of, 'services'), 'more')['environment'] = { MORE: n };
  }),
  {
    name: 'config: content',
    apply: (app, n) => {
      section(app, 'configs')['banner'] = { content: `banner $$x ${n} "\${LEVEL}"\n` };
    },
    to: hasBanner,
  },
  {
    name: 'config: from another source',
    apply: (app, n) => {
      section(app, 'configs')['banner'] = n % 2 ? { file: './conf/given' } : { environment: 'LEVEL' };
    },
    to: hasBanner,
  },
  {
    name: 'secret: from another source',
    apply: (app, n) => {
      section(app, 'secrets')['token'] = n % 2 ? { file: './conf/secret' } : { environment: 'TOKEN' };
    },
    to: (app) => section(app, 'secrets')['token'] !== undefined,
  },
  {
    name: 'config: mode',
    apply: (app, n) => {
      service(app, 'web')['configs'] = [{ source: 'banner', target: `/banner-${n}`, mode: 0o400 }];
    },
    to: hasBanner,
  },
  {
    name: 'a file of the VM as a secret',
    apply: (app) => {
      app.compose['secrets'] = { ...section(app, 'secrets'), outside: { file: '/srv/outside/secret' } };
      service(app, 'db')['secrets'] = ['outside'];
    },
  },
  {
    name: 'a file of the VM as env_file',
    apply: (app) => {
      service(app, 'db')['env_file'] = ['/srv/outside/env'];
    },
  },
  {
    name: 'a file of the VM is extended',
    apply: (app) => {
      section(app, 'services')['outer'] = { extends: { file: '/srv/outside/compose.yml', service: 'outer' } };
    },
  },
  {
    name: 'a mount of the VM',
    apply: (app) => {
      service(app, 'db')['volumes'] = ['db:/data', '/srv/outside:/outside:ro'];
    },
  },
  {
    name: 'the same file for two',
    apply: (app, n) => {
      app.files['conf/both'] = `${n}\n`;
      service(app, 'db')['volumes'] = ['db:/data', './conf/both:/both:ro'];
      service(app, 'api')['volumes'] = ['./conf/both:/both:ro', './conf:/conf:ro'];
    },
  },
  {
    name: 'optional env_file',
    apply: (app, n) => {
      service(app, 'db')['env_file'] = [{ path: 'env/optional.env', required: false }];
      if (n % 2) app.files['env/optional.env'] = `OPTIONAL=${n}\n`;
      else delete app.files['env/optional.env'];
    },
  },
];
