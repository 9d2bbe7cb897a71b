-- What wrk sends: choice and pieces come from the environment, see compare/run-load.ts.
-- Every id has 19 digits, so every request of a workload has the same length and the same head.

local KNOWN_KOLS, LIST_LENGTH = 10000, 50
local ZIPF_DRAWS = 131072

local choice = os.getenv("BENCH_CHOICE")
local before, after = os.getenv("BENCH_BEFORE"), os.getenv("BENCH_AFTER")
local run = tonumber(os.getenv("BENCH_RUN"))
local fixed_value = os.getenv("BENCH_VALUE")
local head

local function id_of(number) return string.format("7%018d", number) end

local function request_for(value) return head .. before .. value .. after end

local function zipf_requests()
  local total, cumulative = 0, {}
  for rank = 1, KNOWN_KOLS do
    total = total + 1 / rank
    cumulative[rank] = total
  end
  local requests, draws = {}, {}
  for rank = 1, KNOWN_KOLS do requests[rank] = request_for('"' .. id_of(rank) .. '"') end
  for draw = 1, ZIPF_DRAWS do
    local target, low, high = math.random() * total, 1, KNOWN_KOLS
    while low < high do
      local middle = math.floor((low + high) / 2)
      if cumulative[middle] < target then low = middle + 1 else high = middle end
    end
    draws[draw] = requests[low]
  end
  return draws
end

local next_request = {}

function next_request.fixed()
  local request = request_for(fixed_value)
  return function() return request end
end

function next_request.zipf()
  local draws, turn = zipf_requests(), 0
  return function()
    turn = turn % ZIPF_DRAWS + 1
    return draws[turn]
  end
end

next_request["random-list"] = function()
  local ids, list = {}, {}
  for number = 1, KNOWN_KOLS do ids[number] = id_of(number) end
  return function()
    for index = 1, LIST_LENGTH do list[index] = ids[math.random(KNOWN_KOLS)] end
    return request_for('["' .. table.concat(list, '","') .. '"]')
  end
end

-- KOLs that no other run asks for.
function next_request.unique()
  local count = 0
  return function()
    count = count + 1
    return request_for(string.format('"7%06d%012d"', run, count))
  end
end

function init()
  math.randomseed(run)
  local length = #before + #fixed_value + #after
  head = "POST /graphql HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nContent-Type: application/json\r\n"
    .. "Accept: application/json\r\nAuthorization: Bearer " .. os.getenv("BENCH_KEY")
    .. "\r\nContent-Length: " .. length .. "\r\n\r\n"
  request = next_request[choice]()
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"bytes":%d,"refusals":%d,"failures":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
