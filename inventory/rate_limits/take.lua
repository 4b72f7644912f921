-- Decides permit requests for several hosts in one step.
--
-- KEYS   1  the index of all hosts (a sorted set), then for each host two: its state (a hash), and its leases (a sorted set)
-- ARGV   1  how long a permit lasts that is not given back
--        2  how long to wait while a probe is out
--        3  the longest pause of a host             4  the longest pause of a breaker
--        5  the farthest reservation                6  how far ahead reservations are spaced by how slow the host is
--        7  the least time between later ones       8  how long a permit is kept for an urgent request that is late
--        9  how long nobody calls before reservations start again
--       10  how long a host is remembered          11  how long a host stays at its position in the index
--       12  the most hosts that are remembered     13  hosts to look at for one that may be forgotten
--       14  how the key of a state begins
--       then for each host six: its name, interval, tolerance, concurrency, the number of urgent requests, the number of others
-- Returns for each request, those of a host together and its urgent ones first:
--        a permit as {'', id, epoch, 1 if it is a probe}, or {reason, how long until the reservation}

local LEASE, PROBE_WAIT = tonumber(ARGV[1]), tonumber(ARGV[2])
local LONGEST_PAUSE, LONGEST_OPEN = tonumber(ARGV[3]), tonumber(ARGV[4])
local HORIZON, NEAR, MIN_SPACING, GRACE = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local IDLE, REMEMBERED_FOR, LISTED_FOR = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local MAX_HOSTS, MAX_LOOKS, PREFIX = tonumber(ARGV[12]), tonumber(ARGV[13]), ARGV[14]
local FIELDS = {
    'next_allowed_at', 'last_reservation', 'last_urgent_reservation', 'urgent_waiting', 'paused_until', 'breaker', 'epoch',
    'open_until', 'probe', 'probe_until', 'call_time', 'last_id', 'asked_at', 'listed_at', 'requests', 'put_off',
}
local INSTANTS = {
    'next_allowed_at', 'last_reservation', 'last_urgent_reservation', 'paused_until', 'open_until', 'probe_until', 'asked_at',
}

-- A clock that was set back is set back for the host as well: what was left of a pause or a lease is left of it still.
local function set_back(host, leases)
    local back = host.asked_at - now
    if back <= 0 then return end
    for _, name in ipairs(INSTANTS) do host[name] = math.max(0, host[name] - back) end
    host.listed_at = 0
    local found = redis.call('ZRANGE', leases, 0, -1, 'WITHSCORES')
    for at = 1, #found, 2 do redis.call('ZADD', leases, whole(found[at + 1] - back), found[at]) end
end

-- What time alone has changed: a breaker's pause is over, urgent requests that were deferred did not come back, or nobody
-- called for a while although somebody could have. The bounds are for a limit that was raised, or a report by a wrong clock,
-- which would otherwise block a host for hours.
local function advance(host, limit)
    host.next_allowed_at = math.min(host.next_allowed_at, now + limit.tolerance + limit.interval)
    host.paused_until = math.min(host.paused_until, now + LONGEST_PAUSE)
    host.open_until = math.min(host.open_until, now + LONGEST_OPEN)
    if host.breaker == OPEN and now >= host.open_until then
        host.breaker, host.probe_until = HALF_OPEN, 0
    end
    local callable_from = math.max(host.next_allowed_at, host.paused_until, host.open_until)
    host.idle = now >= callable_from + IDLE + 2 * limit.spacing
    if host.idle or now > host.last_urgent_reservation + GRACE then host.urgent_waiting = 0 end
end

-- Why a request gets no permit now, and the first instant at which it might; nothing if it gets one.
local function obstacle(host, limit, urgent)
    if host.breaker == OPEN then return 'breaker', math.max(host.open_until, host.paused_until) end
    if host.breaker == HALF_OPEN and now < host.probe_until then
        return 'breaker', math.max(now + PROBE_WAIT, host.paused_until)
    end
    if now < host.paused_until then return 'pause', host.paused_until end
    local kept_for_urgent = urgent and 0 or host.urgent_waiting
    local due = math.max(host.next_allowed_at, now) + kept_for_urgent * limit.interval - limit.tolerance
    if now < due then return 'rate', due end
    if host.in_use + kept_for_urgent >= limit.concurrency then return 'concurrency', now + limit.spacing end
end

-- If nobody called although there were reservations, those who had them are gone, and reservations start again.
local function grant(host, leases, limit, urgent)
    if host.idle then host.idle, host.last_reservation = false, 0 end
    host.last_id = math.max(host.last_id + 1, now)
    host.in_use = host.in_use + 1
    host.next_allowed_at = math.max(host.next_allowed_at, now) + limit.interval
    host.requests = host.requests + 1
    if urgent then host.urgent_waiting = math.max(0, host.urgent_waiting - 1) end
    local probe = host.breaker == HALF_OPEN
    if probe then host.probe, host.probe_until = host.last_id, now + LEASE end
    redis.call('ZADD', leases, whole(now + LEASE), whole(host.last_id))
    return {'', host.last_id, host.epoch, probe and 1 or 0}
end

-- Each deferred request gets the reservation after the one before it, so that they come back one by one. How slow a host was
-- lately spaces the near reservations alone: it says nothing of the time of the others, and must not slow down a host that is
-- quick again. Beyond the horizon reservations are shared. No pause takes more than half of the horizon, so that reservations
-- are left for those who wait for its end.
local function defer(host, limit, urgent, reason, earliest)
    host.put_off = host.put_off + 1
    local last = urgent and 'last_urgent_reservation' or 'last_reservation'
    earliest = math.min(earliest, now + HORIZON / 2)
    local spacing = limit.spacing
    if host[last] >= now + NEAR then spacing = math.min(spacing, math.max(limit.interval, MIN_SPACING)) end
    local reservation = math.max(host[last] + spacing, earliest)
    if reservation > now + HORIZON then reservation = earliest end
    host[last] = reservation
    if urgent and (reason == 'rate' or reason == 'concurrency') then host.urgent_waiting = host.urgent_waiting + 1 end
    return {reason, reservation - now}
end

-- Whether a host may not be called, has reservations to come, or is being called.
local function is_in_use(key)
    for _, value in ipairs(values(key, {'next_allowed_at', 'last_reservation', 'paused_until', 'open_until'})) do
        if tonumber(value or 0) > now then return true end
    end
    return redis.call('ZCOUNT', key .. ':places', '(' .. whole(now), '+inf') > 0
end

-- Of too many hosts, those are forgotten that were not asked for the longest. A host in use goes to the end of the index
-- instead: a tenth of what is remembered is left for those, and only when that is full one of them is forgotten, too.
local function forget(but)
    local hosts = redis.call('ZCARD', KEYS[1])
    local is_full = hosts > MAX_HOSTS
    local target = is_full and MAX_HOSTS or MAX_HOSTS - MAX_HOSTS / 10
    if hosts <= target then return end
    for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, MAX_LOOKS - 1)) do
        local key = PREFIX .. name
        if name == but or hosts <= target then return end
        if not is_full and is_in_use(key) then
            redis.call('ZADD', KEYS[1], whole(math.floor(now / 1000)), name)
            redis.call('HSET', key, 'listed_at', whole(now))
        else
            redis.call('DEL', key, key .. ':places')
            redis.call('ZREM', KEYS[1], name)
            hosts = hosts - 1
        end
    end
end

-- A host moves in the index only once in a while, so that pages of a listing stay where they are. A host that a wrong clock
-- put in the future is removed, and listed again at its next permit request.
local function list(host, name)
    host.asked_at = now
    if now < host.listed_at + LISTED_FOR then return end
    host.listed_at = now
    redis.call('ZADD', KEYS[1], whole(math.floor(now / 1000)), name)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', whole(math.floor((now - REMEMBERED_FOR) / 1000)))
    redis.call('ZREMRANGEBYSCORE', KEYS[1], whole(math.floor((now + LISTED_FOR) / 1000)), '+inf')
    redis.call('PEXPIRE', KEYS[1], whole(REMEMBERED_FOR / 1000))
    forget(name)
end

local decisions = {}
for at = 0, (#KEYS - 1) / 2 - 1 do
    local state, leases, first = KEYS[2 * at + 2], KEYS[2 * at + 3], 15 + 6 * at
    local host = load(state, FIELDS)
    set_back(host, leases)
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', whole(now))
    host.in_use = redis.call('ZCARD', leases)
    local limit = {interval = tonumber(ARGV[first + 1]), tolerance = tonumber(ARGV[first + 2])}
    limit.concurrency = tonumber(ARGV[first + 3])
    limit.spacing = math.max(limit.interval, math.min(math.floor(host.call_time / limit.concurrency), NEAR))
    advance(host, limit)
    local urgent_requests = tonumber(ARGV[first + 4])
    for request = 1, urgent_requests + tonumber(ARGV[first + 5]) do
        local urgent = request <= urgent_requests
        local reason, earliest = obstacle(host, limit, urgent)
        if reason then
            decisions[#decisions + 1] = defer(host, limit, urgent, reason, earliest)
        else
            decisions[#decisions + 1] = grant(host, leases, limit, urgent)
        end
    end
    if host.in_use > 0 then redis.call('PEXPIRE', leases, whole((LEASE + LISTED_FOR) / 1000)) end
    list(host, ARGV[first])
    save(state, host, FIELDS, REMEMBERED_FOR)
end
return decisions
