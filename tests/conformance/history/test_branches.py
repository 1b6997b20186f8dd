"""Branches, emptying and giving back room, as real clients and the command line see them."""

import concurrent.futures
import json
import os
import urllib.error
import urllib.request

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
    status, below = at(endpoint).admin("POST", "/_cloche/branches", {"name": "below"})
    assert status == 201 and seen(below["endpoint"]) == changed
    assert [branch["name"] for branch in server.admin("GET", "/_cloche/branches")[1]["branches"]] == ["try"]
    assert server.admin("DELETE", "/_cloche/branches/try")[1]["code"] == "BranchHasBranches"
    assert at(endpoint).admin("DELETE", "/_cloche/branches/below")[0] == 200
    assert "is removed" in server.run("branch", "remove", "try")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(endpoint + "/_cloche/health", timeout=5)
    assert server.admin("GET", "/_cloche/branches")[1] == {"branches": []}
    if server.durability == "commit":
        assert not os.path.exists(os.path.join(server.data, "branches", "try"))


def at(endpoint):
    """What runs there already."""
    found = support.Cloche("")
    found.endpoint = endpoint
    return found


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
