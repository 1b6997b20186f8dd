"""The clock, shown and moved: what clients read and write follows it, also back."""

import datetime
import time

import pytest

import support

THINGS = {
    "TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


@pytest.fixture
def server(tmp_path):
    server = support.Cloche(tmp_path / "data").start()
    yield server
    assert server.stop() == 0, "".join(server.output)
    status, report = server.doctor()
    assert status == 0, report


def soon(condition):
    """What is done in the background comes soon, and not at once."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_clock_obeys(server):
    def clock(*arguments):
        return server.run("clock", *arguments).strip()

    assert clock("freeze", "2030-01-01T00:00:00Z") == "2030-01-01T00:00:00.000Z frozen"
    assert clock("advance", "90s") == "2030-01-01T00:01:30.000Z frozen"
    assert clock("set", "2031-02-03T04:05:06Z") == "2031-02-03T04:05:06.000Z frozen"
    assert clock() == clock("show") == "2031-02-03T04:05:06.000Z frozen"
    dynamodb = support.client("dynamodb", server.endpoint)
    dynamodb.create_table(**THINGS)
    created = dynamodb.describe_table(TableName="things")["Table"]["CreationDateTime"]
    assert created.timestamp() == 1927857906
    endpoint = server.run("branch", "later").strip()
    assert support.Cloche.at(endpoint).run("clock", "advance", "1d") == "2031-02-04T04:05:06.000Z frozen\n"
    assert clock() == "2031-02-03T04:05:06.000Z frozen", "a branch has a clock of its own"
    assert clock("resume").startswith("2031-02-03T04:05:0") and clock().endswith(" running")
    assert clock("speed", "3600").endswith("running, 3600 times as fast")
    assert not clock("resume", "--from", "now").startswith("2031")
    for wrong in ({"action": "freeze", "at": "soon"}, {"action": "advance", "by": "1 day"}, {"action": "speed", "speed": 0}, {"action": "x"}, {}, {"action": "resume", "from": "x"}):
        assert server.admin("POST", "/_cloche/clock", wrong)[0] == 400, wrong
    status, answer = server.admin("DELETE", "/_cloche/clock")
    assert status == 405


def day(year, month, day):
    return datetime.datetime(year, month, day, tzinfo=datetime.timezone.utc)


def freeze(server, moment):
    server.run("clock", "freeze", moment.isoformat().replace("+00:00", "Z"))


def test_objects_have_the_time_that_the_clock_was_set_back_to(server):
    s3 = support.client("s3", server.endpoint)
    s3.create_bucket(Bucket="times")
    s3.put_bucket_versioning(Bucket="times", VersioningConfiguration={"Status": "Enabled"})
    for moment in (day(2031, 1, 1), day(2020, 1, 1), day(2025, 1, 1)):
        freeze(server, moment)
        put = s3.put_object(Bucket="times", Key="a", Body=str(moment.year))
        assert s3.head_object(Bucket="times", Key="a", VersionId=put["VersionId"])["LastModified"] == moment
    # What was written last is newest, whatever time it has.
    versions = s3.list_object_versions(Bucket="times")["Versions"]
    assert [(v["LastModified"].year, v["IsLatest"]) for v in versions] == [(2025, True), (2020, False), (2031, False)]
    server.kill()
    server.start()
    s3 = support.client("s3", server.endpoint)
    assert s3.get_object(Bucket="times", Key="a")["Body"].read() == b"2025"
    assert s3.put_object(Bucket="times", Key="b") and s3.head_object(Bucket="times", Key="b")["LastModified"] == day(2025, 1, 1)
    # A rule that has been waiting meets what is old by the clock.
    s3.put_bucket_lifecycle_configuration(Bucket="times", LifecycleConfiguration={"Rules": [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]})
    server.run("clock", "advance", "40d")
    soon(lambda: "Contents" not in s3.list_objects_v2(Bucket="times"))


def test_a_table_is_restored_to_a_time_that_the_clock_was_set_back_to(server):
    dynamodb = support.client("dynamodb", server.endpoint)
    dynamodb.create_table(**THINGS)

    def put(value):
        dynamodb.put_item(TableName="things", Item={"id": {"S": "a"}, "value": {"N": str(value)}})

    put(0)
    freeze(server, day(2020, 1, 1))
    dynamodb.update_continuous_backups(TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    for value in (1, 2, 3):
        freeze(server, day(2020, 1, 1 + value))
        put(value)
    freeze(server, day(2020, 2, 1))
    for value, name in ((1, "first"), (2, "second")):
        dynamodb.restore_table_to_point_in_time(SourceTableName="things", TargetTableName=name, RestoreDateTime=day(2020, 1, 1 + value) + datetime.timedelta(hours=1))
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        assert dynamodb.get_item(TableName=name, Key={"id": {"S": "a"}})["Item"]["value"] == {"N": str(value)}
    server.run("rewind", "2020-01-02T12:00:00Z")
    assert dynamodb.get_item(TableName="things", Key={"id": {"S": "a"}})["Item"]["value"] == {"N": "1"}


def test_the_last_writer_wins_in_all_regions_though_the_clock_was_set_back(server):
    home, away = (support.client("dynamodb", server.endpoint, region_name=region) for region in ("us-east-1", "eu-west-1"))
    home.create_table(**THINGS, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    home.update_table(TableName="things", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    for region, moment in ((home, day(2031, 1, 1)), (home, day(2020, 1, 1)), (away, day(2019, 1, 1))):
        freeze(server, moment)
        year = {"N": str(moment.year)}
        region.put_item(TableName="things", Item={"id": {"S": "a"}, "year": year})
        for client in (home, away):
            soon(lambda: client.get_item(TableName="things", Key={"id": {"S": "a"}}).get("Item", {}).get("year") == year)
