/** Loaded before the product by `--import`: the clock of a machine that is wrong by CLOCK_OFFSET_MS milliseconds. */
const offsetMs = Number(process.env['CLOCK_OFFSET_MS'] ?? 0);
const systemNow = Date.now;

Date.now = () => systemNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, parts, newTarget) =>
    Reflect.construct(target, parts.length === 0 ? [Date.now()] : parts, newTarget),
  apply: () => new Date().toString(),
});
