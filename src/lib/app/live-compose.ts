import { variables } from '@zebu/kit';
import LIVE_COMPOSE from './live-compose.sh';

/** The beginning of a script that defines `compose` for the live release. */
export const liveCompose = (base: string): string => variables({ base }) + LIVE_COMPOSE;
