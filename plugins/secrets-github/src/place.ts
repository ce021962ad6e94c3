import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ZebuError, type SecretSourceContext } from '@zebu/kit';

export interface Place {
  /** owner/name */
  readonly repository: string;
  /** Below the API's address, of the collection of secrets. */
  readonly path: string;
}

/** `owner/name` out of the URL of a remote: https, ssh or scp-like. */
export function repositoryOf(url: string): string | undefined {
  const [, repository] = /^(?:[a-z+]+:\/\/[^/]+\/|[^/:]+:)([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(url.trim()) ?? [];
  return repository;
}

async function fromRemote(root: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', root, 'remote', 'get-url', 'origin'], {
      timeout: 10_000,
    });
    return repositoryOf(stdout);
  } catch {
    return undefined;
  }
}

/** Settings, GITHUB_REPOSITORY, or git's remote `origin`, in this order. @throws CONFIG_INVALID */
export async function findPlace(
  context: SecretSourceContext,
  settings: { repository?: string | undefined; environment?: string | undefined },
): Promise<Place> {
  const repository = settings.repository ?? context.env('GITHUB_REPOSITORY') ?? (await fromRemote(context.root));
  if (repository === undefined) {
    throw new ZebuError('CONFIG_INVALID', 'It is not known which GitHub repository is meant', {
      hint: 'Give it: secret_sources: [{ use: github, repository: owner/name }], or set GITHUB_REPOSITORY.',
    });
  }
  const base = `/repos/${repository}`;
  const path =
    settings.environment === undefined
      ? `${base}/actions/secrets`
      : `${base}/environments/${encodeURIComponent(settings.environment)}/secrets`;
  return { repository, path };
}

/** Bytes; GitHub's own limit. */
const LARGEST = 48 * 1024;

/** What GitHub would refuse, said before anything is sent. @throws SECRET_STORE_REFUSED */
export function checkWritable(name: string, value: string): void {
  if (/^GITHUB_/i.test(name)) {
    throw new ZebuError('SECRET_STORE_REFUSED', `GitHub takes no secret called ${name}: GITHUB_ is its own`);
  }
  const size = Buffer.byteLength(value);
  if (size > LARGEST) {
    throw new ZebuError('SECRET_STORE_REFUSED', `${name} is ${size} bytes; GitHub takes ${LARGEST} at most`);
  }
}
