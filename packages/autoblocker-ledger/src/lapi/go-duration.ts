// Durations as Go's time.Duration prints and reads them (pkg.go.dev/time#Duration.String): `1h59m58.97s`.

/** A duration as text, to the millisecond; `0s` for none. */
export function goDuration(ms: number): string {
  const whole = Math.trunc(Math.abs(ms));
  if (whole === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  if (whole < 1000) return `${sign}${whole}ms`;
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60];
  const milliseconds = whole % 60_000;
  const fraction = String(milliseconds % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const seconds = `${Math.floor(milliseconds / 1000)}${fraction === '' ? '' : `.${fraction}`}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}
