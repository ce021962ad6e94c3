import { sh, variables } from '@zebu/kit';
import { secretsPart } from '../../app-folder/secrets/scripts.js';
import { MISSING_STATUS } from '../../app-folder/statuses.js';
import { bootPart } from './boot.js';
import { lockPart, startPart, type Checkout, type Start } from './start.js';
import type { Sums } from './sums.js';
import TAKE_CERTIFICATE from './take-certificate.sh';

export { holdRunner, surveyScript } from './survey.js';

export interface Receive extends Start, Checkout {
  /** As planFile writes it. */
  readonly plan: string;
  /** Bytes on standard input, after the runner and the secrets; then come a certificate, and the pack to the end. */
  readonly tokensSize: number;
  /** Of the front proxy, chain and key in one, behind the tokens; undefined where the VM has it. */
  readonly certificate: { readonly id: string; readonly size: number } | undefined;
  /** Number of the version the secrets were compared with; another one by now is a conflict. */
  readonly secretsVersion: number;
  /** What the VM was seen to have. */
  readonly sums: Sums;
  /** Login that runs what is left open after a power cut. */
  readonly user: string;
}

/** Stores the plan and what standard input brings first (runner, secrets), and starts the runner, which takes the pack. */
export function receiveScript(receive: Receive): string {
  return [
    lockPart(receive),
    sh`( umask 022; printf %s ${receive.plan} >.incoming/plan )` + '\n',
    receive.secretsSize === 0
      ? ''
      : secretsPart({ size: receive.secretsSize, expected: receive.secretsVersion, staged: false }),
    receive.tokensSize === 0
      ? ''
      : sh`take_part ${`shared/secrets/registries-${receive.run}.env`} ${receive.tokensSize}` + '\n',
    receive.certificate === undefined
      ? ''
      : variables({ certificate: receive.certificate.id, certificate_size: receive.certificate.size }) +
        TAKE_CERTIFICATE,
    bootPart(receive.user, receive.sums),
    startPart(receive, receive),
  ].join('');
}

/** Starts the runner on a release that is there already; standard input brings the runner. */
export function rollbackScript(start: Start): string {
  return (
    lockPart(start) +
    sh`[ -f ${`releases/${start.id}/plan`} ] || { echo missing; exit ${MISSING_STATUS}; }` +
    '\n' +
    startPart(start)
  );
}
