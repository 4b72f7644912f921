-- Takes permits back, and what their holders report. All times and durations are whole microseconds, by the clock of Redis.
--
-- KEYS: for each report the host's state and its places (see shared.py).
-- ARGV: failures, first pause, longest pause, keep, remembered; then for each report: the permit's id and epoch, 1 if it
--       failed, elapsed, pause, and the field of the histogram that elapsed belongs to.

local FAILURES, FIRST, LONGEST = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local KEEP, REMEMBERED = tonumber(ARGV[4]), tonumber(ARGV[5])
local FIELDS = {
    'turn', 'urgent_waiting', 'paused_until', 'breaker', 'epoch', 'open_until', 'probe', 'held', 'failures_in_a_row', 'trips',
    'openings', 'failures', 'answers', 'answer_time', 'asked_at',
}

-- Turns are handed out anew behind the pause: whoever had one finds the breaker open, and gets another.
local function open(host)
    host.breaker, host.epoch, host.openings, host.trips = OPEN, host.epoch + 1, host.openings + 1, host.trips + 1
    host.open_until = host.now + math.min(FIRST * 2 ^ (host.trips - 1), LONGEST)
    host.turn, host.urgent_waiting = 0, 0
end

local function close(host)
    host.breaker, host.epoch, host.trips, host.failures_in_a_row = CLOSED, host.epoch + 1, 0, 0
end

local function judge(host, id, epoch, failed)
    if host.breaker == HALF_OPEN and host.probe == id then
        if failed then open(host) else close(host) end
    elseif host.breaker == CLOSED and host.epoch == epoch then
        host.failures_in_a_row = failed and host.failures_in_a_row + 1 or 0
        if host.failures_in_a_row >= FAILURES then open(host) end
    end
end

-- A histogram that halves itself when it is full forgets gradually what was long ago.
local function remember(host, key, elapsed, bucket)
    host.answers, host.answer_time = host.answers + 1, host.answer_time + elapsed
    redis.call('HINCRBY', key, bucket, 1)
    if host.answers < REMEMBERED then return end
    host.answers, host.answer_time = 0, math.floor(host.answer_time / 2)
    local fields = redis.call('HGETALL', key)
    for at = 1, #fields, 2 do
        if string.sub(fields[at], 1, 7) == 'within_' then
            local half = math.floor(fields[at + 1] / 2)
            if half > 0 then
                redis.call('HSET', key, fields[at], whole(half))
            else
                redis.call('HDEL', key, fields[at])
            end
            host.answers = host.answers + half
        end
    end
end

for at = 0, #KEYS / 2 - 1 do
    local state, places, first = KEYS[2 * at + 1], KEYS[2 * at + 2], 6 + 6 * at
    local id, epoch, failed = tonumber(ARGV[first]), tonumber(ARGV[first + 1]), ARGV[first + 2] == '1'
    local elapsed, pause = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
    local host = load(state, FIELDS)
    host.now = math.max(now, host.asked_at) -- by a clock that was set back since, until the next ask sets it right
    redis.call('ZREM', places, ARGV[first])
    host.held = host.held == 0 and elapsed or math.floor((host.held * 4 + elapsed) / 5)
    if pause > 0 then host.paused_until = math.max(host.paused_until, host.now + pause) end
    if failed then host.failures = host.failures + 1 else remember(host, state, elapsed, ARGV[first + 5]) end
    judge(host, id, epoch, failed)
    save(state, host, FIELDS, KEEP)
end
