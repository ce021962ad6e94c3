/** One service as the runner's `strategies` prints it. */
export interface StrategyLine {
  readonly how: 'recreate' | 'rolling';
  /** Why it cannot be rolled although that was asked for; null otherwise. */
  readonly why: string | null;
}

/** Reads `service|rolling or recreate|why|replicas|dependencies` lines. */
export function parseStrategies(text: string): ReadonlyMap<string, StrategyLine> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [service = '', how, why = ''] = line.split('|');
      if (service === '') return [];
      return [[service, { how: how === 'rolling' ? how : 'recreate', why: why === '' ? null : why }] as const];
    }),
  );
}
