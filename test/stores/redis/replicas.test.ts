import { expect, onTestFinished, test } from 'vitest';
import { joinReplicas } from '../../../src/stores/redis/replicas.ts';
import { useRedis } from '../../support/redis-link.ts';
import { describeWithRedis } from '../../support/redis-server.ts';

const HOUR_MS = 3_600_000;

describeWithRedis('replicas of one Redis', () => {
  const redis = useRedis();

  function setUp() {
    const keys = redis.newKeys();
    return {
      keys,
      join(owner: string, clock = Date.now, timeZone = 'UTC') {
        const link = redis.newLink();
        const offsets: number[] = [];
        const beats: number[] = [];
        const timeZones: (readonly string[])[] = [];
        const zonesBefore: string[] = [];
        const replicas = joinReplicas({
          ...{ link, keys, owner, timeZone, clock, steadyMs: performance.now.bind(performance) },
          onClockOff: (offsetMs) => offsets.push(offsetMs),
          utcDayKeys: () => [keys.spent('2026-01-02'), keys.spent('2026-01-03')],
          onTimeZoneBefore: (zone) => zonesBefore.push(zone),
          onTimeZones: (zones) => timeZones.push(zones),
          onBeat: async () => void beats.push(replicas.count),
          onError: () => {},
        });
        onTestFinished(() => replicas.close());
        return { link, replicas, offsets, beats, timeZones, zonesBefore };
      },
    };
  }

  test('count each other, and do so before they are told of the beat', async () => {
    const { join } = setUp();
    const [one, two, three] = [join('1'), join('2'), join('3')];
    expect(one.replicas.count).toBe(1);
    for (const { replicas } of [one, two, three, one]) await replicas.beat();
    expect([one, two, three].map(({ replicas }) => replicas.count)).toEqual([3, 2, 3]);
    expect(one.beats).toEqual([1, 3]);
  });

  test.each([
    ['an hour behind', -HOUR_MS],
    ['an hour ahead', HOUR_MS],
    ['two seconds ahead', 2000],
  ])('find out that their clock is %s of the server, each time', async (_, errorMs) => {
    const { replicas, offsets } = setUp().join('1', () => Date.now() + errorMs);
    expect(replicas.measuredOffsetMs).toBeUndefined();
    for (let times = 0; times < 2; times += 1) await replicas.beat();
    expect(offsets.map((offsetMs) => Math.round(offsetMs / 500) * 500)).toEqual([-errorMs, -errorMs]);
    expect(replicas.measuredOffsetMs).toBe(offsets[1]);
    expect(Math.round(replicas.clockOffsetMs / 500) * 500).toBe(-errorMs);
  });

  test('share times as they are while the clocks differ by less than a second', async () => {
    const { replicas, offsets } = setUp().join('1', () => Date.now() + 500);
    await replicas.beat();
    expect(replicas.clockOffsetMs).toBe(0);
    expect(offsets).toEqual([]);
    expect(Math.round((replicas.measuredOffsetMs ?? 0) / 500) * 500).toBe(-500);
  });

  test('share times as they are again when the clock was set right', async () => {
    let errorMs = HOUR_MS;
    const { replicas } = setUp().join('1', () => Date.now() + errorMs);
    await replicas.beat();
    errorMs = 0;
    expect(replicas.clockOffsetMs, 'before the next beat').toBe(0);
    await replicas.beat();
    expect(replicas.clockOffsetMs).toBe(0);
  });

  test.each([
    [14, 2],
    [16, 1],
  ])('count one that was last heard of %i s ago: %i', async (seconds, count) => {
    const { join, keys } = setUp();
    const { replicas } = join('1');
    await redis.ask('ZADD', keys.replicas, Number(((await redis.ask('TIME')) as string[])[0]) - seconds, 'other');
    await replicas.beat();
    expect(replicas.count).toBe(count);
  });

  test('forget one that was not heard of for more than an hour, and no other', async () => {
    const { join, keys } = setUp();
    const [seconds] = (await redis.ask('TIME')) as [string];
    await redis.ask('ZADD', keys.replicas, Number(seconds) - 3700, 'gone', Number(seconds) - 3500, 'silent');
    await join('1').replicas.beat();
    expect(await redis.ask('ZRANGE', keys.replicas, 0, -1)).toEqual(['silent', '1']);
  });

  test('leave when they stop, and keep the last count while Redis is unavailable', async () => {
    const { join } = setUp();
    const [one, two] = [join('1'), join('2')];
    for (const { replicas } of [two, one]) await replicas.beat();
    one.link.fault = 'away';
    await expect(one.replicas.beat()).rejects.toThrow('unavailable');
    expect(one.replicas.count).toBe(2);
    await two.replicas.close();
    one.link.fault = 'none';
    await one.replicas.beat();
    expect(one.replicas.count).toBe(1);
  });

  test('tell each other their time zones at each beat, each zone once, and forget them with the replica', async () => {
    const { join, keys } = setUp();
    const [one, two, three] = [join('1'), join('2', Date.now, 'Asia/Shanghai'), join('3', Date.now, 'Asia/Shanghai')];
    for (const { replicas } of [one, two, three, one]) await replicas.beat();
    expect(one.timeZones.map((zones) => zones.toSorted())).toEqual([['UTC'], ['Asia/Shanghai', 'UTC']]);
    for (const { replicas } of [two, three]) await replicas.close();
    await one.replicas.beat();
    expect(one.timeZones.at(-1)).toEqual(['UTC']);
    expect(await redis.ask('HKEYS', keys.timeZones)).toEqual(['1']);
  });

  test('learn at their first beat alone by which zone days were counted last, and keep their own where none is kept', async () => {
    const { join, keys } = setUp();
    const [one, two] = [join('1'), join('2', Date.now, 'Asia/Shanghai')];
    for (const { replicas } of [one, one, two, two, one]) await replicas.beat();
    expect([one.zonesBefore, two.zonesBefore]).toEqual([[], ['UTC']]);
    expect(await redis.ask('GET', keys.lastTimeZone)).toBe('Asia/Shanghai');
    await redis.ask('DEL', keys.lastTimeZone);
    await one.replicas.beat();
    expect(await redis.ask('GET', keys.lastTimeZone), 'in a store that was lost').toBe('UTC');
  });

  test.each(['2026-01-02', '2026-01-03'])('take what version 0.1.0 has spent on %s for days of UTC', async (day) => {
    const { join, keys } = setUp();
    await redis.ask('HSET', keys.spent(day), 'billed', 1);
    const { replicas, zonesBefore } = join('1', Date.now, 'Asia/Shanghai');
    for (let times = 0; times < 2; times += 1) await replicas.beat();
    expect(zonesBefore).toEqual(['UTC']);
  });

  test('take one of version 0.1.0, which tells no time zone, for one of UTC; one that is silent for none', async () => {
    const { join, keys } = setUp();
    const { replicas, timeZones } = join('1', Date.now, 'Asia/Shanghai');
    const [seconds] = (await redis.ask('TIME')) as [string];
    await redis.ask(
      'ZADD',
      keys.replicas,
      Number(seconds) - 3700,
      'gone',
      Number(seconds) - 60,
      'silent',
      seconds,
      'old',
    );
    await redis.ask('HSET', keys.timeZones, 'gone', 'Europe/Berlin', 'silent', 'Asia/Tokyo');
    await replicas.beat();
    expect(timeZones.map((zones) => zones.toSorted())).toEqual([['Asia/Shanghai', 'UTC']]);
    expect(await redis.ask('HKEYS', keys.timeZones), 'the zone of one that is forgotten').not.toContain('gone');
  });
});
