import type { Members } from '../app.js';
import { dockerfile, file, has, part, section, service, toggle, without, type EditRow } from './row.js';

export const OF_BUILDS: readonly EditRow[] = [
  file('api/version'),
  file('web/page'),
  file('api/run.sh', (n) => (n % 2 ? { program: '#!/bin/sh\n' } : '#!/bin/sh\n')),
  {
    name: 'file becomes a folder',
    apply: (app, n) => {
      without(app, 'api/version');
      app.files[n % 2 ? 'api/version/in' : 'api/version'] = `${n}\n`;
    },
  },
  {
    name: 'name in other case',
    apply: (app, n) => {
      delete app.files['web/page'];
      delete app.files['web/Page'];
      app.files[n % 2 ? 'web/Page' : 'web/page'] = '0\n';
    },
  },
  {
    name: 'link in the context',
    apply: (app, n) => {
      app.files['api/link'] = { link: n % 2 ? 'version' : 'run.sh' };
    },
  },
  {
    name: 'link out of the context',
    apply: (app, n) => {
      app.files['api/out'] = { link: `../web/${n}` };
    },
  },
  {
    name: 'names that are odd',
    apply: (app, n) => {
      app.files['api/odd na\'me "$(x) é'] = `${n}\n`;
      app.files['api/-n'] = `${n}\n`;
    },
  },
  {
    name: '.dockerignore',
    apply: (app, n) => {
      app.files['api/.dockerignore'] = n % 2 ? 'version\n' : 'run.sh\n';
    },
  },
  {
    name: 'Dockerfile.dockerignore',
    apply: (app, n) => {
      app.files['api/Dockerfile.dockerignore'] = n % 2 ? 'version*\n' : '**\n!run.sh\n';
    },
  },
  {
    name: 'build target',
    apply: (app, n) => {
      toggle(part(service(app, 'api'), 'build'), 'target', n % 2 ? 'run' : 'other');
      app.files['api/Dockerfile'] = 'FROM base:1 AS run\nCOPY . /api/\nFROM run AS other\nLABEL other=1\n';
    },
  },
  {
    name: 'build argument',
    apply: (app, n) => {
      part(service(app, 'api'), 'build')['args'] = { LEVEL: String(n) };
    },
  },
  {
    name: 'build argument of the environment',
    apply: (app, n) => {
      part(service(app, 'api'), 'build')['args'] = ['LEVEL'];
      app.env['LEVEL'] = String(n);
    },
  },
  {
    name: 'build labels',
    apply: (app, n) => {
      part(service(app, 'api'), 'build')['labels'] = { built: String(n) };
    },
  },
  {
    name: 'dockerfile of another name',
    apply: (app, n) => {
      app.files['api/Other.Dockerfile'] = `FROM base:1\nLABEL other=${n}\n`;
      service(app, 'api')['build'] = { context: './api', dockerfile: 'Other.Dockerfile' };
    },
  },
  {
    name: 'dockerfile above the context',
    apply: (app, n) => {
      app.files['Above.Dockerfile'] = `FROM base:1\nLABEL above=${n}\nCOPY . /api/\n`;
      service(app, 'api')['build'] = { context: './api', dockerfile: '../Above.Dockerfile' };
    },
  },
  {
    name: 'dockerfile that is a link',
    apply: (app, n) => {
      app.files['api/Real.Dockerfile'] = `FROM base:1\nLABEL real=${n}\n`;
      app.files['api/Linked'] = { link: 'Real.Dockerfile' };
      service(app, 'api')['build'] = { context: './api', dockerfile: 'Linked' };
    },
  },
  {
    name: 'dockerfile that is a link out of the context',
    apply: (app, n) => {
      app.files['outside/Dockerfile'] = `FROM base:1\nLABEL shared=${n}\n`;
      app.files['api/Outside'] = { link: '../outside/Dockerfile' };
      service(app, 'api')['build'] = { context: './api', dockerfile: 'Outside' };
    },
  },
  {
    name: 'context that is a link',
    apply: (app, n) => {
      app.files['ctx-a/Dockerfile'] = `FROM base:1\nLABEL a=${n}\n`;
      app.files['ctx-b/Dockerfile'] = `FROM base:1\nLABEL b=${n}\n`;
      app.files['ctx'] = { link: n % 2 ? 'ctx-a' : 'ctx-b' };
      service(app, 'web')['build'] = './ctx';
    },
  },
  {
    name: 'context is everything',
    apply: (app, n) => {
      app.files['Dockerfile'] = 'FROM base:1\nCOPY . /all/\n';
      app.files['.dockerignore'] = `.env\n.git\n.gitignore\nzebu.yml\ncompose.yml\n# ${n}\n`;
      // Where others build the same name of something else, whose it is in the end is chance.
      const { image } = service(app, 'web');
      const builders = Object.values(section(app, 'services')) as Members[];
      for (const each of builders)
        if (image !== undefined && each['image'] === image && 'build' in each) each['build'] = '.';
      service(app, 'web')['build'] = '.';
      app.files['all'] = `${n}\n`;
    },
  },
  {
    name: 'dockerfile_inline',
    apply: (app, n) => {
      service(app, 'api')['build'] = {
        context: './api',
        dockerfile_inline: `FROM base:1\nLABEL inline=${n}\nCOPY . /api/\n`,
      };
    },
  },
  {
    name: 'additional_contexts',
    apply: (app, n) => {
      app.files['lib/it'] = `${n}\n`;
      app.files['api/Dockerfile'] = 'FROM base:1\nCOPY --from=lib it /lib-it\n';
      service(app, 'api')['build'] = { context: './api', additional_contexts: { lib: './lib' } };
    },
  },
  {
    name: 'build secret',
    apply: (app, n) => {
      app.files['conf/build-secret'] = `${n}\n`;
      app.compose['secrets'] = { ...section(app, 'secrets'), built: { file: './conf/build-secret' } };
      app.files['api/Dockerfile'] = 'FROM base:1\nRUN --mount=type=secret,id=built cat /run/secrets/built >/got\n';
      service(app, 'api')['build'] = { context: './api', secrets: ['built'] };
      app.files['api/version'] = `${n}\n`;
    },
  },
  {
    name: 'one image for two services',
    apply: (app, n) => {
      section(app, 'services')['twin'] = {
        ...service(app, 'web'),
        configs: [],
        secrets: [],
        volumes: [],
        depends_on: {},
        environment: { N: n },
      };
    },
    to: has('web'),
  },
  {
    name: 'another name of the image',
    apply: (app, n) => {
      service(app, 'web')['image'] = `lean/web:${n}`;
    },
  },
  {
    name: 'built upon another of the app',
    apply: (app, n) => {
      app.files['api/Dockerfile'] = `FROM base:1\nLABEL n=${n}\n`;
      service(app, 'api')['image'] = 'lean/api:1';
      section(app, 'services')['upon'] = { ...service(app, 'api'), image: 'lean/upon:1', build: { context: './upon' } };
      app.files['upon/Dockerfile'] = `FROM tool:1\nCOPY it /it\n`;
      app.files['upon/it'] = `${n}\n`;
    },
  },
  dockerfile(
    'heredoc',
    (n) =>
      `RUN <<EOF\necho ${n} \\\n  >/here\nEOF\nCOPY <<"END" /there\nFROM nothing:${n}\nCOPY --from=not-there:1 a b\nEND\nCOPY --from=tool:1 /mark /mark\n`,
  ),
  dockerfile(
    'RUN --mount bind',
    (n) => `RUN --mount=type=bind,from=tool:1,source=/,target=/t \\\n  # ${n}\n  cat /t/mark >/got\n`,
  ),
  dockerfile('ADD of an archive of the context', (n) => `ADD version /added-${n}\n`),
  dockerfile('argument in FROM', (n) => `ARG X=${n}\nFROM tool:1\nLABEL x=${n}\n`),
  {
    name: 'FROM an argument',
    apply: (app, n) => {
      app.files['web/Dockerfile'] = 'ARG BASE=base:1\nFROM ${BASE}\nCOPY . /web/\n';
      service(app, 'web')['build'] = { context: './web', args: { BASE: n % 2 ? 'tool:1' : 'base:1' } };
    },
  },
  {
    name: 'pull_policy: build',
    apply: (app) => {
      toggle(service(app, 'api'), 'pull_policy', 'build');
    },
  },
];
