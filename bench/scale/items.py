"""Point operations on a DynamoDB table of 10,000,000 items against one of 10,000, and what an item takes on disk."""

from common import AUTHORIZATION, load, measure, note, server, support

TEXT = 240
# 'pk' of 20 digits in an order of chance, as ids are; ten items each.
ITEM = """
local headers = {{Authorization = "{authorization}", ["Content-Type"] = "application/x-amz-json-1.0"}}
local text = string.rep("x", {text})
function call(operation, body)
  headers["X-Amz-Target"] = "DynamoDB_20120810." .. operation
  return wrk.format("POST", "/", headers, body)
end
function key(i)
  return string.format('"pk":{{"S":"user#%010d%010d"}},"sk":{{"S":"order#%04d"}}', (math.floor(i / 10) * 7919) % 9999999967, math.floor(i / 10), i % 10)
end
function item(i)
  return string.format('{{%s,"name":{{"S":"Ada Lovelace"}},"n":{{"N":"%d"}},"tags":{{"SS":["red","green"]}},"text":{{"S":"%s"}}}}', key(i), i, text)
end
"""
LOAD = ITEM + """
function make(i)
  local rows = {{}}
  for j = 0, 24 do rows[j + 1] = '{{"PutRequest":{{"Item":' .. item(i * 25 + j) .. '}}}}' end
  return call("BatchWriteItem", '{{"RequestItems":{{"many":[' .. table.concat(rows, ",") .. ']}}}}')
end
"""
OPERATIONS = {
    "GetItem": 'call("GetItem", string.format(\'{{"TableName":"many","Key":{{%s}}}}\', key(i)))',
    "Query of a partition's 10": 'call("Query", string.format(\'{{"TableName":"many","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":'
                                 '{{":p":%s}}}}\', string.match(key(i), \'"pk":(%b{{}})\')))',
    "PutItem": 'call("PutItem", string.format(\'{{"TableName":"many","Item":%s}}\', item(i)))',
    "UpdateItem with a condition": 'call("UpdateItem", string.format(\'{{"TableName":"many","Key":{{%s}},"UpdateExpression":"ADD seen :o",'
                                   '"ConditionExpression":"attribute_exists(pk)","ExpressionAttributeValues":{{":o":{{"N":"1"}}}}}}\', key(i)))',
}


def add_arguments(parser):
    parser.add_argument("--items", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement")


def own_bytes(items):
    """An item's size as DynamoDB counts it ("Item sizes and formats"): names and values, numbers at a byte for two digits and one more."""
    digits = len(str(items - 1))
    return (2 + 25) + (2 + 10) + (4 + 12) + (1 + (digits + 1) // 2 + 1) + (4 + 3 + 5) + (4 + TEXT)


def run(options):
    authorization = AUTHORIZATION.format("dynamodb")
    rows = {}
    for items in (10_000, options.items):
        with server() as cloche:
            dynamodb = support.client("dynamodb", cloche.endpoint)
            dynamodb.create_table(TableName="many", BillingMode="PAY_PER_REQUEST",
                                  AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
                                  KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
            named = {"authorization": authorization, "text": TEXT}
            seconds = load(cloche.endpoint, items // 25, LOAD.format(**named), connections=8, wrong="not string.find(body, '\"UnprocessedItems\":{}', 1, true)")
            loaded = cloche.memory_mib()
            cloche.stop()
            state = cloche.disk_bytes("state.db*")
            rows["disk", items], rows["all", items] = state, cloche.disk_bytes()
            note(f"{items:,} items in {seconds:.0f} s ({items / seconds:,.0f}/s); memory {loaded[0]:.0f} MiB and {loaded[1]:.0f} MiB mapped; state.db {state / items:.0f} bytes per item")
            cloche.start()
            for name, expression in OPERATIONS.items():
                make = (ITEM + "function make(i) return " + expression + " end\n").format(**named)
                cloche.wait_until_flushed()
                rows[name, items] = measure(cloche.endpoint, items, make, 16, options.seconds)
                note(f"  {name}: {rows[name, items]}")
            rows["memory", items] = cloche.memory_mib()
    sizes = (10_000, options.items)
    print(f"| 16 connections, items by chance | 10,000 items: /s, p50, p99 ms | {options.items:,} items: /s, p50, p99 ms | rate kept |")
    print("|---|---|---|---|")
    for name in OPERATIONS:
        cells = [f"{rows[name, items][0]:,.0f}, {rows[name, items][1]:.2f}, {rows[name, items][2]:.2f}" for items in sizes]
        print(f"| {name} | {cells[0]} | {cells[1]} | {rows[name, sizes[1]][0] / rows[name, sizes[0]][0]:.2f} |")
    print("| memory after that, MiB: its own, mapped from state.db | " + " | ".join("{:.0f}, {:.0f}".format(*rows["memory", items]) for items in sizes) + " | |")
    print(f"| state.db, bytes per item of {own_bytes(options.items)} bytes | " + " | ".join(f"{rows['disk', items] / items:,.0f}" for items in sizes) + " | |")
    print("| the whole directory with its log, bytes per item | " + " | ".join(f"{rows['all', items] / items:,.0f}" for items in sizes) + " | |")
