-- Tells what is known of hosts.
--
-- KEYS   for each host two: its state (a hash), and its leases (a sorted set)
-- Returns now, then for each host {the requests under way, {field, value, field, value ...}}

local FIELDS = {}
for field, name in pairs(STORED_AS) do FIELDS[name] = field end

local found = {now}
for at = 1, #KEYS, 2 do
    local in_use = redis.call('ZCOUNT', KEYS[at + 1], '(' .. whole(now), '+inf')
    local fields = redis.call('HGETALL', KEYS[at])
    for index = 1, #fields, 2 do fields[index] = FIELDS[fields[index]] or fields[index] end
    found[#found + 1] = {in_use, fields}
end
return found
