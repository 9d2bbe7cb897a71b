/** Lua that reads the counts of a day. */
const countsOf = (day: string) => `
      local spent = redis.call('HMGET', ${day}, 'billed', 'unknown', 'open')
      local billed, unknown, open = tonumber(spent[1] or 0), tonumber(spent[2] or 0), tonumber(spent[3] or 0)`;

/** Lua that takes, by the server's clock, the day before the midnight in `ARGV[1]` (`KEYS[1]`) or the one after it (`KEYS[2]`). */
const CHOOSE_DAY = `
      local time = redis.call('TIME')
      local isAfter = time[1] * 1000 + time[2] / 1000 >= tonumber(ARGV[1]) and 1 or 0
      local day = KEYS[1 + isAfter]
      ${countsOf('day')}`;

/**
 * What must be decided and written at once. Times are the server's own, so that no replica's clock matters.
 * @see https://redis.io/docs/latest/develop/programmability/eval-intro/ for their atomicity
 */
export const SCRIPTS = {
  /** Fails unless the server takes writes that need memory and may be run by this user; leaves nothing behind. */
  kolgwProbe: {
    numberOfKeys: 1,
    lua: `
      redis.call('SET', KEYS[1], '', 'PX', 1000)
      return redis.call('DEL', KEYS[1])`,
  },

  /** Keeps an entry, unless a newer one is there. Its second word is when it was born, in milliseconds since the epoch. */
  kolgwPut: {
    numberOfKeys: 1,
    lua: `
      local old = redis.pcall('GET', KEYS[1])
      local bornAt = type(old) == 'string' and tonumber(string.match(old, '^%w+ (%d+) '))
      -- What claims to come from the future is broken, and must not keep others out.
      local isGood = bornAt and bornAt / 1000 < tonumber(redis.call('TIME')[1]) + 60
      if isGood and bornAt > tonumber(ARGV[2]) then return 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
      return 1`,
  },

  /** Takes a lease that is free, or returns its holder. A flight that has ended leaves its outcome for those who wait. */
  kolgwAcquire: {
    numberOfKeys: 1,
    lua: `
      local held = redis.call('GET', KEYS[1])
      if held and string.sub(held, 1, 5) ~= 'done ' then return held end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return false`,
  },

  /** Makes a lease last, also one that ended and that no other has taken. */
  kolgwExtend: {
    numberOfKeys: 1,
    lua: `
      local held = redis.call('GET', KEYS[1])
      if held and held ~= ARGV[1] then return 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      return 1`,
  },

  /** Ends a lease of one's own, leaving the outcome for a while where there is one, and publishes it. */
  kolgwEnd: {
    numberOfKeys: 1,
    lua: `
      if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
      if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
      redis.call('PUBLISH', ARGV[4], ARGV[5])
      return 1`,
  },

  /** What is spent on the current day. @returns 1 for the day after the midnight that was given or 0 for the one before, and its counts */
  kolgwSpent: {
    numberOfKeys: 2,
    lua: `
      ${CHOOSE_DAY}
      return {isAfter, billed, unknown, open}`,
  },

  /**
   * Reserves one call, unless the current day has no room for it, or the reservation was given back before it arrived.
   * @returns 1 where it is granted, then as `kolgwSpent`
   */
  kolgwReserve: {
    numberOfKeys: 4,
    lua: `
      ${CHOOSE_DAY}
      local budget = tonumber(ARGV[3])
      local isOver = budget and billed + unknown + open >= budget
      if isOver or redis.call('EXISTS', KEYS[4]) == 1 then return {0, isAfter, billed, unknown, open} end
      redis.call('HSET', KEYS[3], ARGV[2], table.concat({day, ARGV[4], time[1], ARGV[5]}, ' '))
      open = redis.call('HINCRBY', day, 'open', 1)
      redis.call('EXPIRE', day, ARGV[6])
      return {1, isAfter, billed, unknown, open}`,
  },

  /**
   * Ends a reservation with what it cost, once. What was counted as unknown meanwhile stays so. The day counts at least
   * what its replica has known before: a store that lost its data gets the counts back with the first write.
   */
  kolgwSettle: {
    numberOfKeys: 4,
    lua: `
      if redis.call('SET', KEYS[3], 1, 'NX', 'EX', 3600) then
        local wasOpen = redis.call('HDEL', KEYS[1], ARGV[1]) == 1
        if wasOpen then redis.call('HINCRBY', KEYS[2], 'open', -1) end
        if wasOpen or redis.call('SREM', KEYS[4], ARGV[1]) == 0 then
          for index, name in ipairs({'billed', 'unknown'}) do
            local missing = tonumber(ARGV[3 + index]) - tonumber(redis.call('HGET', KEYS[2], name) or 0)
            redis.call('HINCRBY', KEYS[2], name, math.max(missing, 0) + ARGV[1 + index])
          end
          redis.call('EXPIRE', KEYS[2], ARGV[6])
        end
      end
      ${countsOf('KEYS[2]')}
      return {billed, unknown, open}`,
  },

  /** Sees to it that a day counts at least so much. */
  kolgwRaise: {
    numberOfKeys: 1,
    lua: `
      for index, name in ipairs({'billed', 'unknown'}) do
        local missing = tonumber(ARGV[index]) - tonumber(redis.call('HGET', KEYS[1], name) or 0)
        if missing > 0 then redis.call('HINCRBY', KEYS[1], name, missing) end
      end
      redis.call('EXPIRE', KEYS[1], ARGV[3])
      return 1`,
  },

  /**
   * Counts as unknown what was reserved for one flight, or, without one, by replicas that have not been heard of; that is
   * a walk through all that is open, which one replica does for all.
   */
  kolgwAbandon: {
    numberOfKeys: 4,
    lua: `
      if ARGV[1] == '' and not redis.call('SET', KEYS[4], 1, 'NX', 'EX', 5) then return {} end
      local now = tonumber(redis.call('TIME')[1])
      local all, gone = redis.call('HGETALL', KEYS[1]), {}
      for index = 1, #all, 2 do
        local id = all[index]
        local spent, owner, at, flight = string.match(all[index + 1], '^(%S+) (%S+) (%d+) (%S*)$')
        local isGone = ARGV[1] ~= '' and flight == ARGV[1]
        if ARGV[1] == '' and spent then
          local heardAt = tonumber(redis.call('ZSCORE', KEYS[2], owner) or 0)
          isGone = math.max(heardAt, tonumber(at)) < now - tonumber(ARGV[2])
        end
        if isGone then
          redis.call('HDEL', KEYS[1], id)
          redis.call('HINCRBY', spent, 'open', -1)
          redis.call('HINCRBY', spent, 'unknown', 1)
          redis.call('SADD', KEYS[3], id)
          redis.call('EXPIRE', KEYS[3], 172800)
          gone[#gone + 1] = spent .. ' ' .. owner .. ' ' .. at
        end
      end
      return gone`,
  },

  /** Keeps a pause by the moment of its end, or forgets it where it has none left, and publishes it. */
  kolgwPause: {
    numberOfKeys: 1,
    lua: `
      if ARGV[2] == '' then
        redis.call('HDEL', KEYS[1], ARGV[1])
      else
        local time = redis.call('TIME')
        local untilMs = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
        redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', untilMs, ARGV[3]))
      end
      redis.call('PUBLISH', ARGV[4], ARGV[5])
      return 1`,
  },

  /** @returns the server's time in seconds and microseconds, then each pause by its name and what was kept of it */
  kolgwPauses: {
    numberOfKeys: 1,
    lua: `
      local time = redis.call('TIME')
      return {time[1], time[2], unpack(redis.call('HGETALL', KEYS[1]))}`,
  },

  /**
   * Says that a replica is there, and by which time zone it counts days. The zone is kept as the last one where a replica
   * starts (`ARGV[5]` is 1), or where none is kept.
   * @returns the server's time in seconds and microseconds, how many replicas are there, the zone that was kept before
   * (empty where none was), and each zone of the replicas once
   */
  kolgwBeat: {
    numberOfKeys: 5,
    lua: `
      local time = redis.call('TIME')
      redis.call('ZADD', KEYS[1], time[1], ARGV[1])
      redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
      local forgotten = time[1] - tonumber(ARGV[3])
      for _, owner in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', forgotten)) do redis.call('HDEL', KEYS[2], owner) end
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', forgotten)

      local before = redis.call('GET', KEYS[3])
      if not before or ARGV[5] == '1' then redis.call('SET', KEYS[3], ARGV[4]) end
      -- Version 0.1.0 kept none, and counted UTC days.
      if not before and redis.call('EXISTS', KEYS[4], KEYS[5]) > 0 then before = 'UTC' end

      local there = redis.call('ZRANGEBYSCORE', KEYS[1], time[1] - tonumber(ARGV[2]), '+inf')
      local reply, isSeen = {time[1], time[2], #there, before or ''}, {}
      for _, owner in ipairs(there) do
        local zone = redis.call('HGET', KEYS[2], owner) or 'UTC'
        if not isSeen[zone] then reply[#reply + 1] = zone end
        isSeen[zone] = true
      end
      return reply`,
  },

  /** Takes the next place in line. @returns how long to wait for it, in microseconds */
  kolgwPace: {
    numberOfKeys: 1,
    lua: `
      local time = redis.call('TIME')
      local now = time[1] * 1000000 + time[2]
      local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
      local next = at + tonumber(ARGV[1])
      redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 60000)
      return at - now`,
  },

  /**
   * Takes the turn to read a balance, which no other process can take until it ends.
   * @returns 1 where it was taken, for how much longer it lasts, in milliseconds, and the last reading that is kept, or ''
   */
  kolgwBalanceTurn: {
    numberOfKeys: 2,
    lua: `
      local isTaken = redis.call('SET', KEYS[1], 1, 'NX', 'PX', ARGV[1])
      return {isTaken and 1 or 0, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[2]) or ''}`,
  },

  /** Keeps a reading of the balance for a while, and publishes it. */
  kolgwBalance: {
    numberOfKeys: 1,
    lua: `
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      redis.call('PUBLISH', ARGV[3], ARGV[4])
      return 1`,
  },

  /** Counts one in a window that begins with its first. @returns the count, and for how much longer, in milliseconds */
  kolgwCount: {
    numberOfKeys: 1,
    lua: `
      local count = redis.call('INCR', KEYS[1])
      if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
      return {count, redis.call('PTTL', KEYS[1])}`,
  },
} as const satisfies Readonly<Record<string, { readonly numberOfKeys: number; readonly lua: string }>>;

export type ScriptName = keyof typeof SCRIPTS;
