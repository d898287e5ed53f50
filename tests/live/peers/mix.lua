-- What wrk asks for: several methods and paths, bodies of several sizes, and what is not there.
local number = 0

-- Milliseconds between requests of a connection: as fast as it goes is more than what is built for tests can read.
delay = function()
  return 4
end

request = function()
  number = number + 1
  local kind = number % 5
  if kind == 0 then
    return wrk.format("PUT", "/item/" .. number, nil, "put")
  elseif kind == 1 then
    return wrk.format("POST", "/order/" .. number, nil, string.rep("b", number % 3000))
  elseif kind == 2 then
    return wrk.format("GET", "/absent/" .. number)
  elseif kind == 3 then
    return wrk.format("GET", "/empty")
  end
  return wrk.format("GET", "/item/" .. number .. "?token=" .. number)
end
