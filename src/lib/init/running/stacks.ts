import { posix } from 'node:path';
import { ZebuError } from '@zebu/kit';
import * as z from 'zod';
import type { RunningStack } from '../results.js';

const listed = z.array(z.object({ Name: z.string(), Status: z.string(), ConfigFiles: z.string().default('') }));

const container = z.object({
  project: z.string(),
  service: z.string(),
  folder: z.string(),
  files: z.string(),
  ports: z.string(),
  status: z.string(),
});
type Container = z.infer<typeof container>;

/** What is asked of each container: labels and ports, and nothing of its environment. */
export const CONTAINER_FORMAT = `{${Object.entries({
  project: '(.Label "com.docker.compose.project")',
  service: '(.Label "com.docker.compose.service")',
  folder: '(.Label "com.docker.compose.project.working_dir")',
  files: '(.Label "com.docker.compose.project.config_files")',
  ports: '.Ports',
  status: '.Status',
})
  .map(([name, value]) => `"${name}":{{json ${value}}}`)
  .join(',')}}`;

/** Of `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp` what is published: `8080:80`. */
export function publishedPorts(text: string): readonly string[] {
  const found = [...text.matchAll(/:([\d-]+)->([\d-]+)\/(\w+)/g)].map(
    ([, hostPort = '', containerPort = '', protocol]) =>
      `${hostPort}:${containerPort}${protocol === 'tcp' ? '' : `/${protocol ?? ''}`}`,
  );
  return [...new Set(found)];
}

/** Compose notes `-` for a file that came over standard input: there is none. */
const paths = (text: string): readonly string[] => text.split(',').filter((path) => path.startsWith('/'));

function servicesOf(containers: readonly Container[]): RunningStack['services'] {
  const names = [...new Set(containers.map(({ service }) => service))].toSorted();
  return names.map((name) => {
    const own = containers.filter(({ service }) => service === name);
    return {
      name,
      ports: [...new Set(own.flatMap(({ ports }) => publishedPorts(ports)))],
      healthcheck: own.some(({ status }) => /\((healthy|unhealthy|health: starting)\)/.test(status)),
      oneShot: own.every(({ status }) => status.startsWith('Exited (0)')),
    };
  });
}

/**
 * @param text the array of `docker compose ls --format json`, then a line of CONTAINER_FORMAT for each container
 * @throws COMPOSE_INVALID for anything else
 */
export function parseStacks(text: string): readonly RunningStack[] {
  const [first = '', ...rest] = text.split('\n').filter((line) => line.trim() !== '');
  try {
    const containers = rest.map((line) => container.parse(JSON.parse(line)));
    return listed.parse(JSON.parse(first)).map(({ Name: project, Status, ConfigFiles }) => {
      const own = containers.filter((each) => each.project === project && each.service !== '');
      return {
        project,
        running: /\brunning\b/.test(Status),
        folder: own[0]?.folder || null,
        files: paths(own[0]?.files || ConfigFiles),
        services: servicesOf(own),
      };
    });
  } catch (error) {
    throw new ZebuError('COMPOSE_INVALID', 'Docker lists its Compose stacks in a way zebu does not understand', {
      hint: 'zebu reads `docker compose ls` of Compose 2; `docker compose version` says which it is.',
      cause: error,
    });
  }
}

/** The one that is meant: named, or the only one that runs, or the only one. Undefined when that is not clear. */
export function pickStack(stacks: readonly RunningStack[], name: string | undefined): RunningStack | undefined {
  if (name !== undefined) return stacks.find(({ project }) => project === name);
  const running = stacks.filter((stack) => stack.running);
  const candidates = running.length > 0 ? running : stacks;
  return candidates.length === 1 ? candidates[0] : undefined;
}

/**
 * The stack's files as they are called in the repository: below its folder in the VM, whose repository it is. One of
 * another folder has to be put beside the others.
 */
export function repositoryFiles({ folder, files }: RunningStack): readonly string[] {
  return files.map((file) => {
    const relative = folder === null ? posix.basename(file) : posix.relative(folder, file);
    return relative.startsWith('../') ? posix.basename(file) : relative;
  });
}
