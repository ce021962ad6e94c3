/** The part of systemd's calendar events that schedules of Proxmox VE are written in. */

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const WORDS: Readonly<Record<string, string>> = {
  minutely: '*:*',
  hourly: '*:00',
  daily: '00:00',
  weekly: 'mon 00:00',
};

export interface CalendarEvent {
  /** Days of the week, 0 is Sunday. */
  readonly days: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
}

function numbers(text: string, limit: number): Set<number> | undefined {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [, from = '', to, step] = /^(\*|\d{1,2})(?:\.\.(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (from === '' || (from === '*' && to !== undefined)) return undefined;
    const first = from === '*' ? 0 : Number(from);
    const last = to === undefined ? (from === '*' || step !== undefined ? limit - 1 : first) : Number(to);
    const by = step === undefined ? 1 : Number(step);
    if (first >= limit || last >= limit || last < first || by < 1) return undefined;
    for (let value = first; value <= last; value += by) found.add(value);
  }
  return found;
}

function weekdays(text: string): Set<number> | undefined {
  const index = (name: string): number => DAYS.findIndex((day) => name.toLowerCase().startsWith(day));
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.split('..');
    const [from, to] = [index(first), index(last)];
    if (from < 0 || to < 0) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      found.add(day);
      if (day === to) break;
    }
  }
  return found;
}

/** @returns undefined for text that is no schedule, or one of a kind that is not known here (dates, seconds) */
export function parseCalendar(text: string): CalendarEvent | undefined {
  const words = (WORDS[text.trim()] ?? text).trim().split(/\s+/);
  const time = words.at(-1) ?? '';
  const hasTime = /^[\d*]/.test(time);
  const days = words.length > 1 || !hasTime ? weekdays(words[0] ?? '') : new Set(DAYS.keys());
  if (words.length > 2 || (words.length > 1 && !hasTime) || days === undefined) return undefined;
  const [hour = '', minute] = hasTime ? time.split(':') : ['0', '0'];
  // A number alone is minutes of every hour.
  const hours = numbers(minute === undefined ? '*' : hour, 24);
  const minutes = numbers(minute ?? hour, 60);
  return hours === undefined || minutes === undefined || time.split(':').length > 2
    ? undefined
    : { days, hours, minutes };
}

const MINUTE = 60;

/** The first moment after another that an event is due, both Unix times in seconds and in UTC. */
export function nextEvent({ days, hours, minutes }: CalendarEvent, after: number): number | undefined {
  const first = (Math.floor(after / MINUTE) + 1) * MINUTE;
  for (let at = first; at <= first + 8 * 86_400; at += MINUTE) {
    const date = new Date(at * 1000);
    if (days.has(date.getUTCDay()) && hours.has(date.getUTCHours()) && minutes.has(date.getUTCMinutes())) return at;
  }
  return undefined;
}
