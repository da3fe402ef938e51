// Durations as Go writes them: 10s, 1m30s, 1.5h, 300ms; and CrowdSec's days.

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration in milliseconds; `undefined` when the text is none. */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const whole = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h|d))+)$/.exec(text);
  if (whole === null) return undefined;
  const parts = whole[2]!.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h|d)/g);
  const total = Array.from(parts, ([, count, unit]) => Number(count) * unitsMs[unit!]!).reduce(
    (sum, part) => sum + part,
    0,
  );
  return whole[1] === '-' ? -total : total;
}
