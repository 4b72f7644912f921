-- Tells what is known of hosts.
--
-- KEYS   for each host two: its state (a hash), and its leases (a sorted set)
-- Returns now, then for each host {the requests under way, {field, value, field, value ...}}

local found = {now}
for at = 1, #KEYS, 2 do
    local in_use = redis.call('ZCOUNT', KEYS[at + 1], '(' .. whole(now), '+inf')
    found[#found + 1] = {in_use, redis.call('HGETALL', KEYS[at])}
end
return found
