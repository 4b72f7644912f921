-- What all scripts begin with: the time, and how the state of a host is read and written. It is a table of whole numbers,
-- 0 where nothing is kept. Times and durations are whole microseconds, by the clock of Redis.
--
-- Defined before this: clock(), which gives seconds and microseconds, and STORED_AS, the names of fields that Redis keeps
-- under another name (see state.py).

local CLOSED, OPEN, HALF_OPEN = 0, 1, 2
local time = clock()
local now = time[1] * 1000000 + time[2]

local function whole(number) return string.format('%.0f', number) end

-- The fields of a host that a script reads and writes: as it calls them, and as Redis does.
local function fields(names)
    local stored = {}
    for at, name in ipairs(names) do stored[at] = STORED_AS[name] or name end
    return {names = names, stored = stored}
end

local function load(key, fields)
    local host = {kept = {}}
    for at, value in ipairs(redis.call('HMGET', key, unpack(fields.stored))) do
        local name = fields.names[at]
        host[name] = tonumber(value or 0)
        host.kept[name] = host[name]
    end
    return host
end

-- Writes what changed, no zeros, and keeps the state for `keep` after the last instant in it.
local function save(key, host, fields, keep)
    local changed, zero = {}, {}
    for at, name in ipairs(fields.names) do
        if host[name] ~= host.kept[name] and host[name] ~= 0 then
            changed[#changed + 1] = fields.stored[at]
            changed[#changed + 1] = whole(host[name])
        elseif host[name] ~= host.kept[name] then
            zero[#zero + 1] = fields.stored[at]
        end
    end
    if #changed > 0 then redis.call('HSET', key, unpack(changed)) end
    if #zero > 0 then redis.call('HDEL', key, unpack(zero)) end
    local last = math.max(host.last_reservation, host.paused_until, host.open_until, now)
    redis.call('PEXPIRE', key, whole((last - now + keep) / 1000))
end

