import { readFileSync } from 'node:fs';

/** The Perl that a node runs to make a ticket for root, without what is said at its top for who reads it. */
export const TICKET_PROGRAM = readFileSync(new URL('ticket.pl', import.meta.url), 'utf8').replace(/^(?:#.*\n)+/, '');
