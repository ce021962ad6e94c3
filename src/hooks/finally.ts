import type { Hook } from '@oclif/core';

/** After every command. Only a terminal may be told of a newer zebu; everybody else pays for no more than this line. */
const hook: Hook.Finally = async function ({ argv, config }) {
  if (!process.stderr.isTTY) return;
  const [{ processConsole }, { askApart, tellOfUpdate }, { repositoryOf }] = await Promise.all([
    import('@zebu/kit/core'),
    import('../lib/update/index.js'),
    import('../lib/update/repository.js'),
  ]);
  await tellOfUpdate({
    io: processConsole(argv),
    env: process.env,
    cacheDir: config.cacheDir,
    version: config.version,
    repository: repositoryOf(config.pjson),
    now: Date.now(),
    ask: (file) => askApart(process.argv[1] ?? '', file),
  });
};

export default hook;
