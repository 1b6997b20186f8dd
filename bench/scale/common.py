"""A Cloche with a directory of its own, what it takes of memory and disk, and wrk to load and to measure it."""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import support  # noqa: E402

# Nobody checks it by default; it names service and region, as a signature would.
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"


class Server(support.Cloche):
    def memory_mib(self):
        """(its own memory now, pages of files that it maps now, both at most since the start). Mapped pages belong to the page cache: the
        kernel takes them back when it needs them."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024 for name in ("RssAnon", "RssFile", "VmHWM"))

    def wait_until_flushed(self):
        """Until state.db holds all and nothing has been written to it for two seconds, so that one piece of work does not pay for the one before."""
        def is_settled():
            health = self.admin("GET", "/_cloche/health")[1]
            return health["flushed_lsn"] >= health["lsn"] and all(time.time() - path.stat().st_mtime > 2 for path in pathlib.Path(self.data).glob("state.db*"))

        while not is_settled():
            time.sleep(0.2)

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def disk_bytes(self, files="*"):
        return sum(path.stat().st_blocks * 512 for path in pathlib.Path(self.data).rglob(files) if path.is_file())


@contextlib.contextmanager
def server(*arguments):
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        cloche = Server(pathlib.Path(folder) / "data", *arguments).start()
        try:
            yield cloche
        finally:
            cloche.stop()


# From `first` on, as far as it gets until wrk's time is over; `from` is what the next run begins with. Some requests are sent again then, and
# the last ones at the end, so requests must bear that.
LOAD = """
local next, refused, asked = {first}, 0, false
threads = {{}}
function setup(thread) threads[1] = thread end
function init() reached = {first} end
function request()
  -- wrk asks once without sending, to see what kind of request it is.
  if not asked then asked = true return make({first}) end
  if next < {total} then next = next + 1 end
  reached = next
  return make(next - 1)
end
function response(status, headers, body)
  if status ~= 200 or wrong(body) then refused = refused + 1 io.stderr:write(status, " ", string.sub(body, 1, 300), "\\n") end
  if refused > 10 then wrk.thread:stop() end
end
function done(summary)
  io.write(string.format("REACHED %d\\n", threads[1]:get("reached")))
end
function wrong(body) return {wrong} end
"""

MEASURE = """
math.randomseed({seed})
function request() return make(math.random(0, {total} - 1)) end
function done(summary, latency)
  io.write(string.format("RESULT %f %d %f %f\\n", summary.requests * 1e6 / summary.duration, summary.errors.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def run_wrk(endpoint, script, connections, duration, make):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(make + script)
        file.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{duration}", "--timeout", "60s", "-s", file.name, endpoint],
                              capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def load(endpoint, total, make, connections=16, wrong="false"):
    """Sends make(0) to make(total - 1); answers with the seconds that it took."""
    first, seconds, began = 0, 1, time.monotonic()
    while True:
        out, said = run_wrk(endpoint, LOAD.format(first=first, total=total, wrong=wrong), connections, f"{seconds}s", make)
        found = re.search(r"REACHED (\d+)", out)
        if not found or said:
            raise RuntimeError(f"loading failed: {out[-300:]} {said[-600:]}")
        reached = int(found.group(1))
        # What was on its way when time was up may not have arrived, so a last short run sends the end again.
        if reached == total and first >= total - 2 * connections:
            break
        first = max(first, reached - 2 * connections)
        seconds = 1 if reached == total else min(2 * seconds, 30)
    return time.monotonic() - began


def measure(endpoint, total, make, connections, seconds):
    """make(i) for i by chance: (requests per second, p50 in ms, p99 in ms)."""
    out, said = run_wrk(endpoint, MEASURE.format(total=total, seed=os.getpid()), connections, f"{seconds}s", make)
    found = re.search(r"RESULT (\S+) (\d+) (\S+) (\S+)", out)
    if not found or int(found.group(2)):
        raise RuntimeError(f"measuring failed: {out[-300:]} {said[-300:]}")
    return float(found.group(1)), float(found.group(3)), float(found.group(4))


def note(*words):
    print(*words, file=sys.stderr, flush=True)
