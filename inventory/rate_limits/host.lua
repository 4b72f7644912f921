-- What all scripts begin with: the time, and how the state of a host is read and written. It is a table of whole numbers,
-- 0 where nothing is kept. Times and durations are whole microseconds, by the clock of Redis.
--
-- Defined before this: clock(), which gives seconds and microseconds. Some fields have other names in Redis than here (see
-- STORED_AS in state.py): they are replaced when a script is registered.

local CLOSED, OPEN, HALF_OPEN = 0, 1, 2
local time = clock()
local now = time[1] * 1000000 + time[2]

local function whole(number) return string.format('%.0f', number) end

local function load(key, fields)
    local host = {kept = {}}
    for at, value in ipairs(redis.call('HMGET', key, unpack(fields))) do
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
            changed[#changed + 1] = name
            changed[#changed + 1] = whole(host[name])
        elseif host[name] ~= host.kept[name] then
            zero[#zero + 1] = name
        end
    end
    if #changed > 0 then redis.call('HSET', key, unpack(changed)) end
    if #zero > 0 then redis.call('HDEL', key, unpack(zero)) end
    local last = math.max(host.last_reservation, host.paused_until, host.open_until, now)
    redis.call('PEXPIRE', key, whole((last - now + keep) / 1000))
end

