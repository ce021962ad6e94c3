import { variables } from '@zebu/kit';
import INSTALL from './install-docker.sh';

/** `distribution`: what Debian or Ubuntu packages; `docker`: Docker's own repository. */
export type DockerFrom = 'distribution' | 'docker';

export const ORIGIN: Readonly<Record<DockerFrom, string>> = {
  distribution: 'the distribution',
  docker: "Docker's repository",
};

/** Shell: installs Docker and Compose v2 on Debian and Ubuntu. */
export const installScript = (from: DockerFrom): string => variables({ from }) + INSTALL;
