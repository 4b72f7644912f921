-- What all scripts begin with: the time, and how the state of a host is read and written. It is a table of whole numbers,
-- 0 where nothing is kept. Times and durations are whole microseconds, by the clock of Redis.
--
-- Defined before this: clock(), which gives seconds and microseconds.

-- Fields that Redis keeps under the names of earlier versions: programs of both may share a state for a while.
local STORED_AS = {
    next_allowed_at = 'tat', last_reservation = 'turn', last_urgent_reservation = 'urgent_turn', call_time = 'held',
    openings_in_a_row = 'trips',
}
local CLOSED, OPEN, HALF_OPEN = 0, 1, 2
local time = clock()
local now = time[1] * 1000000 + time[2]

local function whole(number) return string.format('%.0f', number) end

local function stored(name) return STORED_AS[name] or name end

-- The values of fields, in their order.
local function values(key, fields)
    local names = {}
    for at, name in ipairs(fields) do names[at] = stored(name) end
    return redis.call('HMGET', key, unpack(names))
end

local function load(key, fields)
    local host = {kept = {}}
    for at, value in ipairs(values(key, fields)) do
        host[fields[at]] = tonumber(value or 0)
        host.kept[fields[at]] = host[fields[at]]
    end
    return host
end

-- Writes what changed, no zeros, and keeps the state for `keep` after the last instant in it.
local function save(key, host, fields, keep)
    local changed, zero = {}, {}
    for _, name in ipairs(fields) do
        if host[name] ~= host.kept[name] and host[name] ~= 0 then
            changed[#changed + 1] = stored(name)
            changed[#changed + 1] = whole(host[name])
        elseif host[name] ~= host.kept[name] then
            zero[#zero + 1] = stored(name)
        end
    end
    if #changed > 0 then redis.call('HSET', key, unpack(changed)) end
    if #zero > 0 then redis.call('HDEL', key, unpack(zero)) end
    local last = math.max(host.last_reservation, host.paused_until, host.open_until, now)
    redis.call('PEXPIRE', key, whole((last - now + keep) / 1000))
end

