"""ListObjectsV2 in a bucket of 1,000,000 keys against one of 10,000, page for page the same."""

from common import AUTHORIZATION, load, measure, note, server, support

# Half of the keys lie in directories of 1,000; the other half in 1,000 directories, so that a page of either kind is full in both.
MAKE = """
local headers = {{Authorization = "{authorization}", ["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"}}
local half = {half}
function make(i)
  local key
  if i < half then key = string.format("deep/%04d/key-%04d", math.floor(i / 1000), i % 1000)
  else key = string.format("wide/%04d/key-%06d", (i - half) % 1000, math.floor((i - half) / 1000)) end
  return wrk.format("PUT", "/many/" .. key, headers, "{body}")
end
"""
LIST = """
local headers = {{Authorization = "{authorization}"}}
function make(i) return wrk.format("GET", {path}, headers) end
"""
PAGES = {
    "a directory of 1,000 keys, with delimiter": 'string.format("/many?list-type=2&delimiter=%%2F&prefix=deep%%2F%04d%%2F", i)',
    "1,000 common prefixes": '"/many?list-type=2&delimiter=%2F&prefix=wide%2F"',
    "1,000 keys after one in the middle": 'string.format("/many?list-type=2&start-after=deep%%2F%04d%%2Fkey-0500", i)',
    "no key has the prefix": '"/many?list-type=2&delimiter=%2F&prefix=none%2F"',
}


def add_arguments(parser):
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--connections", type=int, default=1)


def run(options):
    authorization = AUTHORIZATION.format("s3")
    rows = {}
    for keys in (10_000, options.keys):
        with server() as cloche:
            support.client("s3", cloche.endpoint, config={"s3": {"addressing_style": "path"}}).create_bucket(Bucket="many")
            seconds = load(cloche.endpoint, keys, MAKE.format(authorization=authorization, half=keys // 2, body="x" * 100))
            note(f"{keys:,} keys of 100 bytes by PUT in {seconds:.0f} s ({keys / seconds:,.0f}/s); memory {cloche.memory_mib()[0]:.0f} MiB and {cloche.memory_mib()[1]:.0f} MiB mapped")
            # Started anew, so that all rows are in state.db and memory is that of listing alone.
            cloche.stop()
            cloche.start()
            for name, path in PAGES.items():
                make = LIST.format(authorization=authorization, path=path)
                rows[name, keys] = measure(cloche.endpoint, keys // 2000, make, options.connections, options.seconds)
                note(f"  {name}: {rows[name, keys]}")
            rows["memory", keys] = cloche.memory_mib()
            rows["disk", keys] = cloche.disk_bytes()
    print(f"| a page of ListObjectsV2, {options.connections} connection(s) | 10,000 keys: p50, p99 ms | {options.keys:,} keys: p50, p99 ms |")
    print("|---|---|---|")
    for name in PAGES:
        print(f"| {name} | " + " | ".join(f"{rows[name, keys][1]:.2f}, {rows[name, keys][2]:.2f}" for keys in (10_000, options.keys)) + " |")
    print("| memory after that, MiB: its own, mapped from state.db | " + " | ".join("{:.0f}, {:.0f}".format(*rows["memory", keys]) for keys in (10_000, options.keys)) + " |")
    print("| disk, bytes per key | " + " | ".join(f"{rows['disk', keys] / keys:,.0f}" for keys in (10_000, options.keys)) + " |")
