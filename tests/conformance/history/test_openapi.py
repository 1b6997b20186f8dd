"""The admin API is as its OpenAPI document says: the document is sound, names every path, and every answer is of the form it gives."""

import re

import jsonschema
import openapi_spec_validator
import pytest

import support

TIME = "2030-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = support.Cloche(tmp_path_factory.mktemp("openapi") / "data").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def document(server):
    status, document = server.admin("GET", "/_cloche/openapi.json")
    assert status == 200
    return document


def test_the_document_is_sound_and_names_every_path(document):
    openapi_spec_validator.validate(document)
    named = set(document["paths"])
    sources = "".join(file.read_text() for file in (support.ROOT / "cli").glob("admin*.cc"))
    served = set(re.findall(r'"(/_cloche/[a-z0-9/_.]+)"', sources))
    assert served, "the sources are read"
    for path in served:
        assert any(name == path or (path.endswith("/") and name.startswith(path)) for name in named), path


def test_every_answer_is_as_described(server, document, tmp_path):
    asked = set()

    def hold(answer, schema):
        jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer)

    def ask(code, method, path, body=None, **parts):
        described = document["paths"][path][method.lower()]
        real = path
        for name, value in parts.pop("at", {}).items():
            real = real.replace("{" + name + "}", value)
        if parts:
            known = {parameter["name"] for parameter in described["parameters"] if parameter["in"] == "query"}
            assert set(parts) <= known
            real += "?" + "&".join(f"{name}={value}" for name, value in parts.items())
        got, answer = server.admin(method, real, body)
        assert got == code, answer
        response = described["responses"][str(code)]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        schema = response["content"]["application/json"]["schema"]
        hold(answer, schema)
        if body is not None and code < 400:
            wanted = described["requestBody"]["content"]["application/json"]["schema"]
            hold(body, wanted)
        if code < 400:
            asked.add((method.lower(), path))
        return answer

    s3 = support.client("s3", server.endpoint)
    dynamodb = support.client("dynamodb", server.endpoint)
    s3.create_bucket(Bucket="described")
    dynamodb.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    ask(200, "GET", "/_cloche/health")
    ask(201, "POST", "/_cloche/checkpoints", {"name": "here"})
    ask(400, "POST", "/_cloche/checkpoints", {"name": "1"})
    dynamodb.put_item(TableName="things", Item={"id": {"S": "1"}, "n": {"N": "1"}})
    s3.put_object(Bucket="described", Key="k", Body=b"body")
    assert ask(200, "GET", "/_cloche/checkpoints")["checkpoints"][0]["name"] == "here"
    assert ask(200, "GET", "/_cloche/diff", a="here")["added"] == 2
    ask(200, "GET", "/_cloche/diff", a="0", b="here", service="s3", resource="described", limit=1)
    ask(400, "GET", "/_cloche/diff", a="!")
    assert len(ask(200, "GET", "/_cloche/log")["events"]) > 3
    ask(200, "GET", "/_cloche/log", limit=2, service="dynamodb", resource="things", all="true", **{"from": "here"})
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket="described", Key="none")
    with pytest.raises(dynamodb.exceptions.ClientError):
        dynamodb.get_item(TableName="none", Key={"id": {"S": "1"}})
    both = ask(200, "GET", "/_cloche/log", failed="also", operation="getobject")
    assert both["events"] == [] and [failure["resource"] for failure in both["failures"]] == ["described/none"]
    assert len(ask(200, "GET", "/_cloche/log", failed="only", since="1h", until="0s")["failures"]) == 2
    assert "events" not in ask(200, "GET", "/_cloche/log", status="4xx")
    ask(400, "GET", "/_cloche/log", failed="maybe")
    ask(404, "GET", "/_cloche/log", since="nowhere")
    branch = ask(201, "POST", "/_cloche/branches", {"name": "side", "from": "here", "port": 0})
    ask(201, "POST", "/_cloche/branches", {})
    ask(409, "POST", "/_cloche/branches", {"name": "side"})
    ask(400, "POST", "/_cloche/branches", {"port": -1})
    assert branch["name"] in [one["name"] for one in ask(200, "GET", "/_cloche/branches")["branches"]]
    ask(200, "DELETE", "/_cloche/branches/{name}", at={"name": "side"})
    ask(404, "DELETE", "/_cloche/branches/{name}", at={"name": "side"})
    ask(200, "GET", "/_cloche/clock")
    for change in ({"action": "freeze"}, {"action": "freeze", "at": TIME}, {"action": "advance", "by": "1h"}, {"action": "set", "to": TIME},
                   {"action": "speed", "speed": 2.5}, {"action": "resume"}, {"action": "resume", "from": "now"}):
        ask(200, "POST", "/_cloche/clock", change)
    ask(400, "POST", "/_cloche/clock", {"action": "advance", "by": "soon"})
    ask(201, "POST", "/_cloche/seal", {"file": str(tmp_path / "sealed"), "only": ["s3"]})
    ask(409, "POST", "/_cloche/seal", {"file": str(tmp_path / "sealed")})
    ask(201, "POST", "/_cloche/seal", {"file": str(tmp_path / "sealed"), "force": True})
    ask(200, "GET", "/_cloche/seal")
    saved, other = str(tmp_path / "saved"), support.Cloche(tmp_path / "other", "--durability", "memory").start()
    ask(200, "POST", "/_cloche/fixtures/save", {"directory": saved, "accounts": ["000000000000"]})
    ask(400, "POST", "/_cloche/fixtures/save", {"directory": "saved"})
    ask(200, "POST", "/_cloche/fixtures/load", {"directory": saved, "replace": True})
    ask(409, "POST", "/_cloche/fixtures/load", {"directory": saved})
    (tmp_path / "saved/s3/described/notes").write_text("")
    assert ask(400, "POST", "/_cloche/fixtures/load", {"directory": saved})["faults"]
    ask(404, "POST", "/_cloche/fixtures/load", {"directory": "/no/such/folder"})
    ask(200, "POST", "/_cloche/pull", {"from": other.endpoint, "services": ["s3"], "state": str(tmp_path / "state")})
    ask(400, "POST", "/_cloche/pull", {"from": "https://example.com"})
    other.stop()
    ask(503, "POST", "/_cloche/pull", {"from": other.endpoint})
    for path in ("/_cloche/fixtures/load", "/_cloche/fixtures/save", "/_cloche/pull"):
        ask(200, "GET", path)
        ask(200, "DELETE", path)
    ask(200, "GET", "/_cloche/s3/events/{bucket}", at={"bucket": "described"})
    ask(200, "POST", "/_cloche/rewind", {"to": "here"})
    ask(404, "POST", "/_cloche/rewind", {"to": "nowhere"})
    ask(404, "POST", "/_localstack/state/load")
    ask(200, "POST", "/_localstack/state/save")
    ask(200, "POST", "/_cloche/reset", {"service": "s3"})
    ask(200, "POST", "/_cloche/reset", {})
    ask(200, "POST", "/_localstack/state/{service}/reset", at={"service": "kms"})
    ask(200, "POST", "/_localstack/state/reset")
    ask(200, "POST", "/_localstack/state/load")
    ask(200, "POST", "/_cloche/compact", {"before": "0s"})
    ask(200, "DELETE", "/_cloche/checkpoints/{name}", at={"name": "here"})
    ask(404, "DELETE", "/_cloche/checkpoints/{name}", at={"name": "here"})
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert described - asked == {("get", "/_cloche/openapi.json"), ("get", "/_cloche/metrics")}
