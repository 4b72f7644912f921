-- What both scripts begin with: the time, and a host's state as a table of whole numbers, 0 where nothing is kept.
-- `clock` is defined before this.

local CLOSED, OPEN, HALF_OPEN = 0, 1, 2
local time = clock()
local now = time[1] * 1000000 + time[2]

local function whole(number) return string.format('%.0f', number) end

local function load(key, fields)
    local host = {}
    for at, value in ipairs(redis.call('HMGET', key, unpack(fields))) do
        host[fields[at]] = tonumber(value or 0)
    end
    return host
end

-- Keeps the state for `keep` behind the last instant that it speaks of.
local function save(key, host, fields, keep)
    local changes = {}
    for _, name in ipairs(fields) do
        changes[#changes + 1] = name
        changes[#changes + 1] = whole(host[name])
    end
    redis.call('HSET', key, unpack(changes))
    local last = math.max(host.turn, host.paused_until, host.open_until, now)
    redis.call('PEXPIRE', key, whole((last - now + keep) / 1000))
end

