-- Takes permits back, with the reports of how their calls went.
--
-- KEYS   for each host two: its state (a hash), and its leases (a sorted set)
-- ARGV   1  failures in a row that open a breaker
--        2  the pause after its first opening       3  its longest pause
--        4  how long a host is remembered           5  answers at which the histogram of latencies halves itself
--        then for each host the number of its reports, and for each of these six: the permit's id, its epoch, 1 if the call
--        failed, how long the call took, the pause that the host asked for or 0, and the field of the histogram that the
--        latency belongs to

local MAX_FAILURES, FIRST_PAUSE, LONGEST_PAUSE = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local REMEMBERED_FOR, MAX_LATENCIES = tonumber(ARGV[4]), tonumber(ARGV[5])
local FIELDS = {
    'last_reservation', 'urgent_waiting', 'paused_until', 'breaker', 'epoch', 'open_until', 'probe', 'call_time',
    'failures_in_a_row', 'openings_in_a_row', 'openings', 'failures', 'answers', 'answer_time', 'asked_at',
}

-- Reservations start again after the pause: those who have one find the breaker open, and get another.
local function open(host)
    host.breaker, host.epoch, host.openings = OPEN, host.epoch + 1, host.openings + 1
    host.openings_in_a_row = host.openings_in_a_row + 1
    host.open_until = host.now + math.min(FIRST_PAUSE * 2 ^ (host.openings_in_a_row - 1), LONGEST_PAUSE)
    host.last_reservation, host.urgent_waiting = 0, 0
end

local function close(host)
    host.breaker, host.epoch, host.openings_in_a_row, host.failures_in_a_row = CLOSED, host.epoch + 1, 0, 0
end

local function judge(host, id, epoch, failed)
    if host.breaker == HALF_OPEN and host.probe == id then
        if failed then open(host) else close(host) end
    elseif host.breaker == CLOSED and host.epoch == epoch then
        host.failures_in_a_row = failed and host.failures_in_a_row + 1 or 0
        if host.failures_in_a_row >= MAX_FAILURES then open(host) end
    end
end

-- A histogram that halves itself when it is full forgets gradually what was long ago.
local function count_latency(host, key, elapsed, bucket)
    host.answers, host.answer_time = host.answers + 1, host.answer_time + elapsed
    redis.call('HINCRBY', key, bucket, 1)
    if host.answers < MAX_LATENCIES then return end
    host.answers, host.answer_time = 0, math.floor(host.answer_time / 2)
    local found = redis.call('HGETALL', key)
    for at = 1, #found, 2 do
        if string.sub(found[at], 1, 7) == 'within_' then
            local half = math.floor(found[at + 1] / 2)
            if half > 0 then
                redis.call('HSET', key, found[at], whole(half))
            else
                redis.call('HDEL', key, found[at])
            end
            host.answers = host.answers + half
        end
    end
end

local function take_back(host, state, leases, first)
    local id, epoch, failed = tonumber(ARGV[first]), tonumber(ARGV[first + 1]), ARGV[first + 2] == '1'
    local elapsed, pause = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
    redis.call('ZREM', leases, ARGV[first])
    host.call_time = host.call_time == 0 and elapsed or math.floor((host.call_time * 4 + elapsed) / 5)
    if pause > 0 then host.paused_until = math.max(host.paused_until, host.now + pause) end
    if failed then host.failures = host.failures + 1 else count_latency(host, state, elapsed, ARGV[first + 5]) end
    judge(host, id, epoch, failed)
end

local argument = 6
for at = 0, #KEYS / 2 - 1 do
    local state, leases, reports = KEYS[2 * at + 1], KEYS[2 * at + 2], tonumber(ARGV[argument])
    local host = load(state, FIELDS)
    host.now = math.max(now, host.asked_at) -- a clock that was set back since: the next permit request corrects the state
    for report = 0, reports - 1 do take_back(host, state, leases, argument + 1 + 6 * report) end
    save(state, host, FIELDS, REMEMBERED_FOR)
    argument = argument + 1 + 6 * reports
end
