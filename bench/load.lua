-- What wrk asks for: lookups of numbered pages, one after the other or at random, with an If-None-Match if one is given.
-- Arguments after `--`: the first number, how many, "sequence" or "random", the path in front of the number, the ETag or "",
-- and the key or "".
local first, count, random, prefix, etag, sent

function init(args)
  first, count, random, prefix = tonumber(args[1]), tonumber(args[2]), args[3] == "random", args[4]
  if args[5] ~= "" then wrk.headers["If-None-Match"] = args[5] end
  if args[6] ~= "" then wrk.headers["Authorization"] = "Bearer " .. args[6] end
  math.randomseed(first + count)
  sent = 0
end

function request()
  local number = first + (random and math.random(0, count - 1) or sent % count)
  sent = sent + 1
  return wrk.format("GET", prefix .. number)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
