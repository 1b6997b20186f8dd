"""Branches, emptying and giving back room, as real clients and the command line see them."""

import concurrent.futures
import json
import os
import urllib.error
import urllib.request

import botocore.exceptions
import pytest

import support

TABLE = {
    "TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
LARGE = os.urandom(200_000)


@pytest.fixture(params=["commit", "memory"])
def server(tmp_path, request):
    server = support.Cloche(tmp_path / "data", "--durability", request.param).start()
    server.durability = request.param
    yield server
    assert server.stop() == 0, "".join(server.output)
    if request.param == "commit":
        status, report = server.doctor()
        assert status == 0, report


def clients(endpoint):
    return support.client("s3", endpoint), support.client("dynamodb", endpoint)


def seen(endpoint):
    s3, dynamodb = clients(endpoint)
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    objects = {(bucket, found["Key"]): s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
               for bucket in buckets for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    items = {table: sorted(json.dumps(item, sort_keys=True) for item in dynamodb.scan(TableName=table)["Items"]) for table in dynamodb.list_tables()["TableNames"]}
    return buckets, objects, items


def fill(endpoint):
    s3, dynamodb = clients(endpoint)
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="small", Body=b"small")
    s3.put_object(Bucket="shared", Key="large", Body=LARGE)
    dynamodb.create_table(**TABLE)
    for number in range(50):
        dynamodb.put_item(TableName="things", Item={"id": {"S": str(number)}, "n": {"N": str(number)}})


def test_a_branch_is_an_environment_of_its_own(server):
    fill(server.endpoint)
    before = seen(server.endpoint)
    endpoint = server.run("branch", "try").strip()
    assert endpoint.startswith("http://127.0.0.1:") and endpoint != server.endpoint
    assert seen(endpoint) == before
    s3, dynamodb = clients(endpoint)
    s3.delete_object(Bucket="shared", Key="large")
    s3.put_object(Bucket="shared", Key="own", Body=b"x" * 100_000)
    dynamodb.delete_table(TableName="things")
    assert seen(server.endpoint) == before
    changed = seen(endpoint)
    trunk_s3, trunk_dynamodb = clients(server.endpoint)
    trunk_s3.delete_object(Bucket="shared", Key="small")
    trunk_s3.delete_object(Bucket="shared", Key="large")
    trunk_dynamodb.put_item(TableName="things", Item={"id": {"S": "new"}})
    assert seen(endpoint) == changed
    # Branches of branches, each with an API of its own.
    status, below = support.Cloche.at(endpoint).admin("POST", "/_cloche/branches", {"name": "below"})
    assert status == 201 and seen(below["endpoint"]) == changed
    assert [branch["name"] for branch in server.admin("GET", "/_cloche/branches")[1]["branches"]] == ["try"]
    assert server.admin("DELETE", "/_cloche/branches/try")[1]["code"] == "BranchHasBranches"
    assert support.Cloche.at(endpoint).admin("DELETE", "/_cloche/branches/below")[0] == 200
    assert "is removed" in server.run("branch", "remove", "try")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(endpoint + "/_cloche/health", timeout=5)
    assert server.admin("GET", "/_cloche/branches")[1] == {"branches": []}
    if server.durability == "commit":
        assert not os.path.exists(os.path.join(server.data, "branches", "try"))


@pytest.mark.parametrize("server", ["commit"], indirect=True)
def test_branches_begin_at_any_point_and_are_found_again(server):
    fill(server.endpoint)
    server.run("checkpoint", "full")
    full = seen(server.endpoint)
    s3, dynamodb = clients(server.endpoint)
    s3.delete_object(Bucket="shared", Key="large")
    dynamodb.put_item(TableName="things", Item={"id": {"S": "later"}})
    past = server.run("branch", "past", "--from", "full").strip()
    assert seen(past) == full
    clients(past)[0].put_object(Bucket="shared", Key="in-the-past", Body=LARGE + b"!")
    then = seen(past)
    server.kill()
    server.start()
    [told] = json.loads(server.run("branch", "list", "--json"))["branches"]
    assert told["name"] == "past" and told["endpoint"] == past, "it listens where it did"
    assert seen(past) == then
    assert any("branch      past" in line for line in server.output)
    # What only the branch names is there however much is collected in the trunk.
    server.run("checkpoint", "--remove", "full")
    server.run("compact", "--before", "0s")
    assert seen(past) == then
    assert "no point" in server.run("branch", "wrong", "--from", "!", status=1)
    assert "already" in server.run("branch", "past", status=1)
    assert "no branch called" in server.run("branch", "remove", "none", status=1)


def test_many_branches_at_once(server):
    fill(server.endpoint)
    before = seen(server.endpoint)

    def work(number):
        status, made = server.admin("POST", "/_cloche/branches", {"name": f"test-{number}"})
        assert status == 201, made
        s3, dynamodb = clients(made["endpoint"])
        for round in range(5):
            dynamodb.put_item(TableName="things", Item={"id": {"S": f"{number}-{round}"}})
        s3.put_object(Bucket="shared", Key=f"{number}", Body=LARGE)
        items = dynamodb.scan(TableName="things")["Count"]
        assert server.admin("DELETE", f"/_cloche/branches/test-{number}")[0] == 200
        return items

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(24))) == [55] * 24
    assert seen(server.endpoint) == before
    names = {server.admin("POST", "/_cloche/branches", {})[1]["name"] for _ in range(3)}
    assert len(names) == 3


def test_branches_of_before_listen_at_once_and_one_that_is_damaged_says_so(tmp_path):
    """Whoever asks before a branch is opened waits for it; what can't be opened stops no other, and answers 503 with the reason."""
    server = support.Cloche(tmp_path / "data").start()
    fill(server.endpoint)
    names = [f"b{number}" for number in range(16)]
    endpoints = {name: server.admin("POST", "/_cloche/branches", {"name": name})[1]["endpoint"] for name in names}
    clients(endpoints["b7"])[0].put_object(Bucket="shared", Key="own", Body=b"own")
    before = seen(endpoints["b7"])
    assert server.stop() == 0
    (tmp_path / "data" / "branches" / "b3" / "state.db").write_bytes(b"no database" * 1000)
    server.start()
    # All at once, the last one first.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = dict(zip(reversed(names), pool.map(lambda name: name == "b3" or seen(endpoints[name]), reversed(names)), strict=True))
    assert found["b7"] == before
    assert all(found[name][2] == before[2] for name in names if name != "b3")
    s3, dynamodb = clients(endpoints["b3"])
    for ask in (s3.list_buckets, lambda: s3.put_object(Bucket="shared", Key="x", Body=b"x"), dynamodb.list_tables,
                lambda: dynamodb.get_item(TableName="things", Key={"id": {"S": "1"}})):
        with pytest.raises(botocore.exceptions.ClientError, match="branch b3 not opened: .*state.db") as refused:
            ask()
        assert refused.value.response["Error"]["Code"] == "ServiceUnavailable"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(endpoints["b3"] + "/_cloche/health")
    assert refused.value.code == 503 and "branch b3 not opened" in json.load(refused.value)["error"]
    assert any("branch b3 not opened" in line for line in server.output)
    listed = {branch["name"]: branch.get("endpoint") for branch in server.admin("GET", "/_cloche/branches")[1]["branches"]}
    assert listed == {**endpoints, "b3": None}
    assert server.admin("DELETE", "/_cloche/branches/b3")[0] == 200
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(endpoints["b3"] + "/_cloche/health", timeout=5)
    # Removed, made and stopped while others wait to be opened.
    assert server.stop() == 0
    server.start()
    assert server.admin("DELETE", "/_cloche/branches/b15")[0] == 200
    assert server.admin("DELETE", "/_cloche/branches/b0")[0] == 200
    made = server.admin("POST", "/_cloche/branches", {"name": "b0"})[1]["endpoint"]
    assert seen(made)[2] == before[2]
    assert server.stop() == 0
    assert server.doctor()[0] == 0


def test_a_reset_empties_and_what_is_made_then_is_new(server):
    fill(server.endpoint)
    full = seen(server.endpoint)
    assert server.admin("POST", "/_localstack/state/dynamodb/reset")[0] == 200
    assert seen(server.endpoint) == (full[0], full[1], {})
    assert server.admin("POST", "/_localstack/state/sqs/reset")[0] == 400
    assert "emptied" in server.run("reset")
    assert seen(server.endpoint) == ([], {}, {})
    fill(server.endpoint)
    assert seen(server.endpoint) == full
    assert server.admin("POST", "/_localstack/state/reset")[0] == 200
    assert seen(server.endpoint) == ([], {}, {})


@pytest.mark.parametrize("server", ["commit"], indirect=True)
def test_state_is_saved_and_loaded_as_localstacks_clients_ask(server):
    fill(server.endpoint)
    full = seen(server.endpoint)
    assert server.admin("POST", "/_localstack/state/load")[0] == 404
    assert server.admin("POST", "/_localstack/state/save")[0] == 200
    server.run("reset")
    assert server.admin("POST", "/_localstack/state/load")[0] == 200
    assert seen(server.endpoint) == full
    assert server.admin("POST", "/_localstack/state/s3/save")[0] == 404
    told = json.loads(server.run("compact", "--json"))
    assert told["state"]["after"] > 0 and "history" in server.run("compact")
