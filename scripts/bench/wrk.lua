-- Arguments: the file of tokens; how many requests to send at most, 0 for no limit; after how many
-- seconds to end; the status every answer should have; path; body.
local ffi = require("ffi")
ffi.cdef([[
  int getpid(void);
  int kill(int pid, int signal);
  struct timespec { long s; long ns; };
  int clock_gettime(int clock, struct timespec *time);
]])

local time = ffi.new("struct timespec")
local function now()
  ffi.C.clock_gettime(0, time)
  return tonumber(time.s) + tonumber(time.ns) / 1e9
end


local requests, limit, seconds, expected = {}, 0, 0, 200
local asked, deadline, stopped, client = false, nil, false, nil
-- Global, because the main thread reads them at the end.
sent, unexpected = 0, 0

function setup(thread)
  client = thread
end

function init(args)
  limit, seconds, expected = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  for token in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", args[5], {
      ["Host"] = "127.0.0.1",
      ["Content-Type"] = "application/json",
      ["Authorization"] = "Bearer " .. token
    }, args[6])
  end
end

function request()
  -- wrk asks for one before it begins, only to look at it.
  if not asked then
    asked = true
    return requests[1]
  end
  deadline = deadline or now() + seconds
  if stopped or (limit > 0 and sent >= limit) or now() >= deadline then
    if not stopped then
      stopped = true
      wrk.thread:stop()
      -- The main thread sleeps for the whole duration unless it is interrupted.
      ffi.C.kill(ffi.C.getpid(), 2)
    end
    return ""
  end
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function response(status)
  if status ~= expected then unexpected = unexpected + 1 end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'bench {"requests":%d,"sent":%d,"micros":%d,"p50":%.1f,"p99":%.1f,"unexpected":%d,"failed":%d}\n',
    summary.requests, client:get("sent"), summary.duration,
    latency:percentile(50), latency:percentile(99),
    client:get("unexpected"), errors.connect + errors.read + errors.write + errors.timeout
  ))
end
