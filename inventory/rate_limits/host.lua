-- What all scripts begin with: the time, and a host's state as a table of whole numbers, 0 where nothing is kept.
-- `clock` is defined before this.

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

-- Writes what changed, no zeros, and keeps the state for `keep` after the last instant that it speaks of.
local function save(key, host, fields, keep)
    local changed, gone = {}, {}
    for _, name in ipairs(fields) do
        if host[name] ~= host.kept[name] and host[name] ~= 0 then
            changed[#changed + 1] = name
            changed[#changed + 1] = whole(host[name])
        elseif host[name] ~= host.kept[name] then
            gone[#gone + 1] = name
        end
    end
    if #changed > 0 then redis.call('HSET', key, unpack(changed)) end
    if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
    local last = math.max(host.turn, host.paused_until, host.open_until, now)
    redis.call('PEXPIRE', key, whole((last - now + keep) / 1000))
end

