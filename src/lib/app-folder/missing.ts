import { ZebuError } from '@zebu/kit';
import { nearest } from '@zebu/kit/core';
import type { ServiceState } from './results.js';

/** What is asked for and is not there. */

export function notDeployed(app: string): ZebuError {
  return new ZebuError('APP_MISSING', `Nothing of the app ${app} was deployed yet`, {
    hint: 'Deploy it: zebu app:deploy --tag <tag>',
  });
}

/** @throws SERVICE_UNKNOWN with the nearest name */
export function checkServices(wanted: readonly string[], services: readonly Pick<ServiceState, 'service'>[]): void {
  const names = [...new Set(services.map(({ service }) => service))];
  for (const name of wanted) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    throw new ZebuError('SERVICE_UNKNOWN', `There is no service ${name}; there is ${names.join(', ')}`, {
      hint: meant === undefined ? undefined : `Did you mean ${meant}?`,
      details: { service: name, services: names },
    });
  }
}
