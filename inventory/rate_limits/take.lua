-- Decides asks, for several hosts in one step. All times and durations are whole microseconds, by the clock of Redis.
--
-- KEYS: the index; then for each host its state and its places (see shared.py).
-- ARGV: lease, probe, the longest pause and the longest one of a breaker, horizon, near, close, grace, idle, keep, settle, most
--       hosts, how many are looked at, how a key begins; then for each host: name, interval, tolerance, concurrency, the number
--       of urgent asks, the number of other asks.
-- Reply, for each ask, those of a host together and its urgent ones first: {'', id, epoch, probe} or {reason, wait}.

local LEASE, PROBE, LONGEST_PAUSE, LONGEST_OPEN = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local HORIZON, NEAR, CLOSE, GRACE = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local IDLE, KEEP, SETTLE = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local MOST, LOOKED_AT, PREFIX = tonumber(ARGV[12]), tonumber(ARGV[13]), ARGV[14]
local FIELDS = {
    'tat', 'turn', 'urgent_turn', 'urgent_waiting', 'paused_until', 'breaker', 'epoch', 'open_until', 'probe', 'probe_until',
    'held', 'last_id', 'asked_at', 'listed_at', 'requests', 'put_off',
}
local INSTANTS = {'tat', 'turn', 'urgent_turn', 'paused_until', 'open_until', 'probe_until', 'asked_at'}

-- A clock that was set back is set back for the host as well: what was left of a pause or a lease is left of it still.
local function set_back(host, places)
    local back = host.asked_at - now
    if back <= 0 then return end
    for _, name in ipairs(INSTANTS) do host[name] = math.max(0, host[name] - back) end
    host.listed_at = 0
    local leases = redis.call('ZRANGE', places, 0, -1, 'WITHSCORES')
    for at = 1, #leases, 2 do redis.call('ZADD', places, whole(leases[at + 1] - back), leases[at]) end
end

-- What time alone has changed. A breaker's pause is over; urgent ones that were put off did not come back; nobody called for a
-- while although somebody could have. And a limit that was raised, or a report that a wrong clock dated, would leave a host that
-- is not to be called for hours.
local function wake(host, limit)
    host.tat = math.min(host.tat, now + limit.tolerance + limit.interval)
    host.paused_until = math.min(host.paused_until, now + LONGEST_PAUSE)
    host.open_until = math.min(host.open_until, now + LONGEST_OPEN)
    if host.breaker == OPEN and now >= host.open_until then
        host.breaker, host.probe_until = HALF_OPEN, 0
    end
    host.idle = now >= math.max(host.tat, host.paused_until, host.open_until) + IDLE + 2 * limit.spacing
    if host.idle or now > host.urgent_turn + GRACE then host.urgent_waiting = 0 end
end

-- Why an ask must be refused now, and the first instant at which it might not be; nothing if it need not.
local function obstacle(host, limit, urgent)
    if host.breaker == OPEN then return 'breaker', math.max(host.open_until, host.paused_until) end
    if host.breaker == HALF_OPEN and now < host.probe_until then
        return 'breaker', math.max(now + PROBE, host.paused_until)
    end
    if now < host.paused_until then return 'pause', host.paused_until end
    local promised = urgent and 0 or host.urgent_waiting
    local due = math.max(host.tat, now) + promised * limit.interval - limit.tolerance
    if now < due then return 'rate', due end
    if host.in_use + promised >= limit.concurrency then return 'concurrency', now + limit.spacing end
end

-- Where nobody called although turns were given out, those who had them are gone, and turns begin anew.
local function grant(host, places, limit, urgent)
    if host.idle then host.idle, host.turn = false, 0 end
    host.last_id = math.max(host.last_id + 1, now)
    host.in_use = host.in_use + 1
    host.tat = math.max(host.tat, now) + limit.interval
    host.requests = host.requests + 1
    if urgent then host.urgent_waiting = math.max(0, host.urgent_waiting - 1) end
    local probe = host.breaker == HALF_OPEN
    if probe then host.probe, host.probe_until = host.last_id, now + LEASE end
    redis.call('ZADD', places, whole(now + LEASE), whole(host.last_id))
    redis.call('PEXPIRE', places, whole((LEASE + SETTLE) / 1000))
    return {'', host.last_id, host.epoch, probe and 1 or 0}
end

-- Each refused one gets the turn after the one before it, so that they come back one by one. How slow a host lately was spaces
-- the near turns alone: it says nothing of the time when the others come, and a host that is quick again must not be slowed down
-- by it. Beyond the horizon turns begin again, and are shared. No pause takes more than half of it, so that turns are left
-- for those who wait for its end.
local function refuse(host, limit, urgent, reason, earliest)
    host.put_off = host.put_off + 1
    local clock = urgent and 'urgent_turn' or 'turn'
    earliest = math.min(earliest, now + HORIZON / 2)
    local spacing = host[clock] < now + NEAR and limit.spacing or math.min(limit.spacing, math.max(limit.interval, CLOSE))
    local turn = math.max(host[clock] + spacing, earliest)
    if turn > now + HORIZON then turn = earliest end
    host[clock] = turn
    if urgent and (reason == 'rate' or reason == 'concurrency') then host.urgent_waiting = host.urgent_waiting + 1 end
    return {reason, turn - now}
end

-- Whether a host is to be left alone, has turns to come, or is being called.
local function is_in_use(key)
    for _, value in ipairs(redis.call('HMGET', key, 'tat', 'turn', 'paused_until', 'open_until')) do
        if tonumber(value or 0) > now then return true end
    end
    return redis.call('ZCOUNT', key .. ':places', '(' .. whole(now), '+inf') > 0
end

-- Of too many hosts, those are forgotten that were not asked for the longest. One that is in use goes to the end of the line
-- instead: a tenth of what is remembered is left for those, and only when that is full one of them is forgotten, too.
local function forget(but)
    local known = redis.call('ZCARD', KEYS[1])
    local is_full = known > MOST
    local enough = is_full and MOST or MOST - MOST / 10
    if known <= enough then return end
    for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, LOOKED_AT - 1)) do
        local key = PREFIX .. name
        if name == but or known <= enough then return end
        if not is_full and is_in_use(key) then
            redis.call('ZADD', KEYS[1], whole(math.floor(now / 1000)), name)
            redis.call('HSET', key, 'listed_at', whole(now))
        else
            redis.call('DEL', key, key .. ':places')
            redis.call('ZREM', KEYS[1], name)
            known = known - 1
        end
    end
end

-- A host is listed again only once in a while, so that pages of a listing stay where they are. What a clock that was set back
-- put in the future is listed again when it is asked for.
local function list(host, name)
    host.asked_at = now
    if now < host.listed_at + SETTLE then return end
    host.listed_at = now
    redis.call('ZADD', KEYS[1], whole(math.floor(now / 1000)), name)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', whole(math.floor((now - KEEP) / 1000)))
    redis.call('ZREMRANGEBYSCORE', KEYS[1], whole(math.floor((now + SETTLE) / 1000)), '+inf')
    redis.call('PEXPIRE', KEYS[1], whole(KEEP / 1000))
    forget(name)
end

local answers = {}
for at = 0, (#KEYS - 1) / 2 - 1 do
    local state, places, first = KEYS[2 * at + 2], KEYS[2 * at + 3], 15 + 6 * at
    local host = load(state, FIELDS)
    set_back(host, places)
    redis.call('ZREMRANGEBYSCORE', places, '-inf', whole(now))
    host.in_use = redis.call('ZCARD', places)
    local limit = {interval = tonumber(ARGV[first + 1]), tolerance = tonumber(ARGV[first + 2])}
    limit.concurrency = tonumber(ARGV[first + 3])
    limit.spacing = math.max(limit.interval, math.min(math.floor(host.held / limit.concurrency), NEAR))
    wake(host, limit)
    local urgent_asks = tonumber(ARGV[first + 4])
    for ask = 1, urgent_asks + tonumber(ARGV[first + 5]) do
        local urgent = ask <= urgent_asks
        local reason, earliest = obstacle(host, limit, urgent)
        if reason then
            answers[#answers + 1] = refuse(host, limit, urgent, reason, earliest)
        else
            answers[#answers + 1] = grant(host, places, limit, urgent)
        end
    end
    list(host, ARGV[first])
    save(state, host, FIELDS, KEEP)
end
return answers
