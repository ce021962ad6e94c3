import { MASK } from '@zebu/kit/core';
import type { Section } from './section.js';

/** Markdown, so that it can be read before it is passed on. */
export function render(sections: readonly Section[], made: string): string {
  const parts = sections.map(({ title, text, reason }) => {
    // Longer than any fence in what it holds.
    const fence = '~'.repeat(Math.max(3, ...[...(text ?? '').matchAll(/~{3,}/g)].map(([run]) => run.length + 1)));
    return [
      `## ${title}`,
      '',
      ...(reason === null ? [] : [`${text === null ? 'Not included' : 'Not complete'}: ${reason}`, '']),
      ...(text === null ? [] : [`${fence}text`, text, fence, '']),
    ].join('\n');
  });
  const about = `Secret values are \`${MASK}\`. Hosts, addresses, users, keys and tokens are placeholders, the same one for the same thing. Names of the app, its services, images and plugins stay: look through it before you pass it on.`;
  return [`# zebu support bundle, ${made}`, '', about, '', ...parts].join('\n');
}
