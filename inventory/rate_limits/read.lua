-- What is known of hosts. KEYS: for each its state and its places. Reply: now, then for each {places in use, fields and values}.

local found = {now}
for at = 1, #KEYS, 2 do
    local in_use = redis.call('ZCOUNT', KEYS[at + 1], '(' .. whole(now), '+inf')
    found[#found + 1] = {in_use, redis.call('HGETALL', KEYS[at])}
end
return found
