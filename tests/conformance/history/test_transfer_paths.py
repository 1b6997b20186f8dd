"""Fixtures and pull over the admin API: the server loads, saves and pulls by itself, on the environment whose port was asked."""

import json
import os
import socket
import threading
import time

import pytest

import support

TABLE = {"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}


@pytest.fixture
def servers(tmp_path):
    started = []

    def start(*arguments):
        started.append(support.Cloche(tmp_path / f"data-{len(started)}", *(arguments or ("--durability", "memory"))).start())
        return started[-1]

    yield start
    for server in started:
        assert server.stop() == 0, "".join(server.output)


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def tree(tmp_path, name="tree"):
    return write(tmp_path / name, {"s3/photos/objects/a/b.txt": "meow", "dynamodb/things/table.json": json.dumps(TABLE), "dynamodb/things/items.jsonl": '{"p": {"S": "x"}}\n',
                                   "accounts/111122223333/s3/theirs/bucket.json": "{}"})


def ask(server, method, path, body=None, status=200):
    got, answer = server.admin(method, path, body)
    assert got == status, answer
    return answer


def buckets(endpoint, account="test", **more):
    return [bucket["Name"] for bucket in support.client("s3", endpoint, aws_access_key_id=account, **more).list_buckets()["Buckets"]]


class OnPort:
    """A branch, to be asked as a server is."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.admin = lambda *arguments: support.Cloche.admin(self, *arguments)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# With one io thread and many at once: the server asks itself, and must not wait for itself.
def test_a_load_and_a_save_are_the_commands(servers, tmp_path):
    server = servers("--durability", "memory", "--threads", "1")
    done = ask(server, "POST", "/_cloche/fixtures/load", {"directory": tree(tmp_path)})
    assert (done["buckets"], done["objects"], done["tables"], done["items"], done["failed"]) == (2, 1, 1, 1, 0)
    s3 = support.client("s3", server.endpoint)
    assert s3.get_object(Bucket="photos", Key="a/b.txt")["Body"].read() == b"meow"
    assert support.client("dynamodb", server.endpoint).scan(TableName="things")["Items"] == [{"p": {"S": "x"}}]
    assert buckets(server.endpoint, "111122223333") == ["theirs"]
    told = ask(server, "POST", "/_cloche/fixtures/load", {"directory": tree(tmp_path)}, 409)
    assert told["code"] == "AlreadyThere" and "bucket photos" in told["error"]
    s3.put_object(Bucket="photos", Key="mine", Body=b"")
    ask(server, "POST", "/_cloche/fixtures/load", {"directory": tree(tmp_path), "replace": True})
    assert [row["Key"] for row in s3.list_objects_v2(Bucket="photos")["Contents"]] == ["a/b.txt"]

    accounts = ["000000000000", "111122223333"]
    saved = ask(server, "POST", "/_cloche/fixtures/save", {"directory": str(tmp_path / "saved"), "accounts": accounts})
    assert (saved["buckets"], saved["objects"], saved["items"]) == (2, 1, 1)
    server.run("fixture", "save", str(tmp_path / "by-command"), "--accounts", ",".join(accounts))
    assert files(tmp_path / "saved") == files(tmp_path / "by-command")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").write_text("mine")
    assert ask(server, "POST", "/_cloche/fixtures/save", {"directory": str(tmp_path / "full")}, 409)["code"] == "NotAFixture"


def test_faults_are_told_with_file_and_line(servers, tmp_path):
    server = servers()
    folder = tree(tmp_path)
    write(tmp_path / "tree", {"s3/photos/bucket.json": '{\n  "Colour": 1\n}', "dynamodb/things/items.jsonl": '{"p": {"S": "x"}}\n{"p": {"N": "1"}}\n'})
    told = ask(server, "POST", "/_cloche/fixtures/load", {"directory": folder}, 400)
    assert told["code"] == "Faults" and "nothing was loaded" in told["error"]
    assert any(f"{folder}/s3/photos/bucket.json:2: 'Colour'" in fault for fault in told["faults"])
    assert any(f"{folder}/dynamodb/things/items.jsonl:2: " in fault for fault in told["faults"])
    assert buckets(server.endpoint) == []


# Paths come from whoever reaches the port: none may make the server hang, or give out what its own user alone may read.
def test_hostile_bodies_and_paths(servers, tmp_path):
    server = servers()
    for body in ({}, {"directory": "relative"}, {"directory": ""}, {"directory": "/a\0b"}, {"directory": "/" + "x" * 5000}, {"directory": 1}, {"directory": "/tmp", "replaec": True},
                 {"directory": "/tmp", "replace": "yes"}):
        assert ask(server, "POST", "/_cloche/fixtures/load", body, 400)["code"] == "InvalidRequest", body
    for body in ({"directory": "/x", "accounts": ["1"]}, {"directory": "/x", "accounts": "000000000000"}):
        ask(server, "POST", "/_cloche/fixtures/save", body, 400)
    for body in ({}, {"from": "ftp://x"}, {"from": "http://127.0.0.1:1", "services": ["sqs"]}, {"from": "http://127.0.0.1:1", "threads": 0}, {"from": "http://127.0.0.1:1", "threads": 65},
                 {"from": "http://127.0.0.1:1", "account": "me"}, {"from": "http://127.0.0.1:1", "state": "here"}, {"from": "https://example.com"}, {"from": "http://127.0.0.1:1", "only": ["x"]}):
        ask(server, "POST", "/_cloche/pull", body, 400)
    assert ask(server, "POST", "/_cloche/fixtures/load", {"directory": str(tmp_path / "none")}, 404)["code"] == "NoFixture"
    (tmp_path / "file").write_text("")
    ask(server, "POST", "/_cloche/fixtures/load", {"directory": str(tmp_path / "file")}, 404)
    ask(server, "POST", "/_cloche/fixtures/save", {"directory": "/proc/nothing/here"}, 503)
    ask(server, "PUT", "/_cloche/pull", {}, 405)

    (tmp_path / "secret").write_text("secret")
    folder = tree(tmp_path)
    os.symlink(tmp_path / "secret", tmp_path / "tree/s3/photos/objects/linked")
    os.mkfifo(tmp_path / "tree/s3/photos/objects/pipe")
    faults = ask(server, "POST", "/_cloche/fixtures/load", {"directory": folder}, 400)["faults"]
    assert sorted(fault.rsplit("/", 1)[1] for fault in faults) == ["linked: is a link, and the server follows none", "pipe: is neither a file nor a folder"]
    assert buckets(server.endpoint) == []


def test_a_branch_s_port_is_the_branch(servers, tmp_path):
    server = servers()
    support.client("s3", server.endpoint).create_bucket(Bucket="trunk")
    branch = OnPort(ask(server, "POST", "/_cloche/branches", {"name": "side"}, 201)["endpoint"])
    ask(branch, "POST", "/_cloche/fixtures/load", {"directory": tree(tmp_path)})
    ask(branch, "POST", "/_cloche/fixtures/save", {"directory": str(tmp_path / "saved")})
    assert buckets(branch.endpoint) == ["photos", "trunk"] and buckets(server.endpoint) == ["trunk"]
    assert sorted(path.name for path in (tmp_path / "saved/s3").iterdir()) == ["photos", "trunk"]
    # Of one process into itself: the trunk into another branch.
    other = OnPort(ask(server, "POST", "/_cloche/branches", {"name": "other"}, 201)["endpoint"])
    done = ask(other, "POST", "/_cloche/pull", {"from": branch.endpoint, "only": ["s3:photos", "dynamodb:things"], "account": "111122223333", "state": str(tmp_path / "state")})
    assert (done["buckets"], done["objects"], done["tables"], done["items"], done["failed"]) == (1, 1, 1, 1, 0), done
    assert buckets(other.endpoint, "111122223333") == ["photos"] and buckets(server.endpoint, "111122223333") == []
    assert ask(other, "GET", "/_cloche/pull") == {"running": False}


# Where signatures are checked nobody's keys are at hand; and the environment's clock may be another one.
def test_it_works_where_signatures_are_checked(servers, tmp_path):
    server = servers("--durability", "memory", "--auth", "verify", "--clock", "2019-01-01T00:00:00Z")
    ask(server, "POST", "/_cloche/fixtures/load", {"directory": tree(tmp_path)})
    ask(server, "POST", "/_cloche/fixtures/save", {"directory": str(tmp_path / "saved"), "accounts": ["111122223333"]})
    assert (tmp_path / "saved/accounts/111122223333/s3/theirs/bucket.json").exists()
    source = servers()
    support.client("s3", source.endpoint).create_bucket(Bucket="pulled")
    assert ask(server, "POST", "/_cloche/pull", {"from": source.endpoint, "services": ["s3"], "state": str(tmp_path / "state")})["buckets"] == 1


class Slow:
    """A source that takes a connection and says nothing."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self.socket.close()


def in_the_background(server, path, body):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(server.admin("POST", path, body)))
    thread.start()

    def join():
        thread.join(20)
        assert answers, "it is answered"
        return answers[0]

    return join


def until(what):
    for _ in range(1000):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def test_a_pull_is_seen_and_cancelled(servers, tmp_path):
    server = servers()
    with Slow() as source:
        join = in_the_background(server, "/_cloche/pull", {"from": source.url, "state": str(tmp_path / "state")})
        until(lambda: ask(server, "GET", "/_cloche/pull")["running"])
        assert {"buckets", "objects", "units", "units_done", "seconds"} <= set(ask(server, "GET", "/_cloche/pull"))
        assert ask(server, "POST", "/_cloche/pull", {"from": source.url}, 409)["code"] == "AlreadyRunning"
        assert ask(server, "DELETE", "/_cloche/pull") == {"cancelled": True}
        status, answer = join()
        assert (status, answer["code"]) == (409, "Cancelled")
    assert ask(server, "DELETE", "/_cloche/pull") == {"cancelled": False}


def test_stopping_and_removing_do_not_wait_for_a_source(servers, tmp_path):
    server = servers()
    branch = OnPort(ask(server, "POST", "/_cloche/branches", {"name": "side"}, 201)["endpoint"])
    with Slow() as source:
        joins = [in_the_background(one, "/_cloche/pull", {"from": source.url, "state": str(tmp_path / "state")}) for one in (branch, server)]
        until(lambda: ask(branch, "GET", "/_cloche/pull")["running"] and ask(server, "GET", "/_cloche/pull")["running"])
        began = time.monotonic()
        ask(server, "DELETE", "/_cloche/branches/side")
        assert server.stop() == 0
        assert time.monotonic() - began < 3
        for join in joins:
            assert join()[0] == 409


# A load that is ended removes what it has made: cancelled, and while the server stops.
@pytest.mark.parametrize("how", ["cancelled", "stopped"])
def test_a_load_that_is_ended_leaves_nothing(servers, tmp_path, how):
    server = servers("--durability", "commit")
    items = "".join(json.dumps({"p": {"S": f"key-{i}"}, "v": {"S": "x" * 200}}) + "\n" for i in range(60_000))
    folder = write(tmp_path / "large", {"s3/first/objects/k": "k", "dynamodb/large/table.json": json.dumps(TABLE), "dynamodb/large/items.jsonl": items})
    join = in_the_background(server, "/_cloche/fixtures/load", {"directory": folder})
    until(lambda: ask(server, "GET", "/_cloche/fixtures/load").get("bytes", 0) > 100_000)
    assert buckets(server.endpoint) == ["first"]
    if how == "cancelled":
        assert ask(server, "DELETE", "/_cloche/fixtures/load")["cancelled"]
    else:
        assert server.stop() == 0
    status, answer = join()
    assert (status, answer["code"]) == (409, "Cancelled") and "removed again" in answer["error"]
    if how == "stopped":
        server.start()
    assert buckets(server.endpoint) == [] and support.client("dynamodb", server.endpoint).list_tables()["TableNames"] == []
