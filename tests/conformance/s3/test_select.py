"""SelectObjectContent over the wire: events, compression, errors. Codes: "SelectObjectContent", list of error codes."""

import bz2
import gzip

import botocore.exceptions
import pytest

PEOPLE = b"name,age\nann,31\nbob,25\n"
USE = {"CSV": {"FileHeaderInfo": "USE"}}


def select(s3, bucket, sql, key="people.csv", source=None, target=None, **more):
    answer = s3.select_object_content(Bucket=bucket, Key=key, Expression=sql, ExpressionType="SQL", InputSerialization=source or USE,
                                      OutputSerialization=target or {"CSV": {}}, **more)
    return list(answer["Payload"])


def rows(events):
    return b"".join(event["Records"]["Payload"] for event in events if "Records" in event).decode()


def test_events(s3, bucket):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=PEOPLE)
    events = select(s3, bucket, "SELECT s.name FROM S3Object s WHERE CAST(s.age AS INT) > 30", RequestProgress={"Enabled": True})
    assert [list(event)[0] for event in events] == ["Records", "Progress", "Stats", "End"]
    assert rows(events) == "ann\n"
    assert events[2]["Stats"]["Details"] == {"BytesScanned": 23, "BytesProcessed": 23, "BytesReturned": 4}
    assert rows(select(s3, bucket, "SELECT * FROM S3Object", target={"JSON": {}})) == '{"name":"ann","age":"31"}\n{"name":"bob","age":"25"}\n'


@pytest.mark.parametrize("kind, pack", [("GZIP", gzip.compress), ("BZIP2", bz2.compress)])
def test_compressed(s3, bucket, kind, pack):
    body = b"".join(b"%d,x%d\n" % (i, i) for i in range(50_000))
    s3.put_object(Bucket=bucket, Key="people.csv", Body=pack(body))
    source = {"CSV": {}, "CompressionType": kind}
    assert rows(select(s3, bucket, "SELECT COUNT(*), MAX(CAST(_1 AS INT)) FROM S3Object", source=source)) == "50000,49999\n"
    events = select(s3, bucket, "SELECT * FROM S3Object", source=source)
    assert rows(events).encode() == body and len(events) > 3
    s3.put_object(Bucket=bucket, Key="people.csv", Body=pack(body)[:-20])
    with pytest.raises(botocore.exceptions.ClientError, match="TruncatedInput"):
        select(s3, bucket, "SELECT COUNT(*) FROM S3Object", source=source)


def test_an_error_after_the_first_rows(s3, bucket):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=b"1\n" * 50_000 + b"x\n")
    with pytest.raises(botocore.exceptions.EventStreamError, match="CastFailed"):
        select(s3, bucket, "SELECT CAST(_1 AS INT) FROM S3Object", source={"CSV": {}})


def test_scan_ranges(s3, bucket):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=b"aa\nbb\ncc\ndd\n")

    def scan(**range_):
        return rows(select(s3, bucket, "SELECT * FROM S3Object", source={"CSV": {}}, ScanRange=range_))
    assert scan(Start=1, End=6) == "bb\ncc\n"  # What begins within.
    assert scan(Start=4) == "cc\ndd\n"
    assert scan(End=3) == "dd\n"


@pytest.mark.parametrize("change, code", [
    ({"Expression": "SELECT"}, "ParseUnexpectedToken"),
    ({"ExpressionType": "XQUERY"}, "InvalidExpressionType"),
    ({"InputSerialization": {"CSV": {}, "CompressionType": "ZIP"}}, "InvalidCompressionFormat"),
    ({"InputSerialization": {"JSON": {"Type": "X"}}}, "InvalidJsonType"),
    ({"InputSerialization": {"Parquet": {}}}, "UnsupportedParquetType"),
    ({"Key": "none"}, "NoSuchKey"),
])
def test_what_is_refused(s3, bucket, change, code):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=PEOPLE)
    arguments = {"Bucket": bucket, "Key": "people.csv", "Expression": "SELECT * FROM S3Object", "ExpressionType": "SQL",
                 "InputSerialization": USE, "OutputSerialization": {"CSV": {}}}
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.select_object_content(**{**arguments, **change})
    assert caught.value.response["Error"]["Code"] == code


# What takes long says so: Cont, or Progress where it was asked for. The answer goes out while it is made, in chunks.
@pytest.mark.parametrize("progress, sign", [(False, "Cont"), (True, "Progress")])
def test_signs_of_life(s3, bucket, progress, sign):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=gzip.compress(b"1,2,3,4,5,6,7,8\n" * 8_000_000, 1))
    events = select(s3, bucket, "SELECT COUNT(*) FROM S3Object s WHERE CAST(s._8 AS INT) + CAST(s._7 AS INT) > 100",
                    source={"CSV": {}, "CompressionType": "GZIP"}, RequestProgress={"Enabled": progress})
    names = [list(event)[0] for event in events]
    assert sign in names[:-4] and names[-1] == "End" and rows(events) == "0\n"
    assert [event["Stats"]["Details"]["BytesProcessed"] for event in events if "Stats" in event] == [128_000_000]


def test_much_comes_in_pieces(s3, bucket):
    body = b"".join(b"%d,%s\n" % (i, b"x" * 100) for i in range(100_000))
    s3.put_object(Bucket=bucket, Key="people.csv", Body=body)
    answer = s3.select_object_content(Bucket=bucket, Key="people.csv", Expression="SELECT * FROM S3Object", ExpressionType="SQL",
                                      InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}})
    assert answer["ResponseMetadata"]["HTTPHeaders"]["transfer-encoding"] == "chunked"
    assert rows(answer["Payload"]).encode() == body
    assert rows(select(s3, bucket, "SELECT s._1 FROM S3Object s LIMIT 3", source={"CSV": {}})) == "0\n1\n2\n"


# "The maximum length of a record in the input or result is 1 MB": limits of SelectObjectContent.
def test_rows_have_a_bound(s3, bucket):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=b"x" * 600_000 + b"\n")
    with pytest.raises(botocore.exceptions.ClientError, match="OverMaxRecordSize"):
        select(s3, bucket, "SELECT _1, _1 FROM S3Object", source={"CSV": {}})


# A client that goes away in the middle leaves nothing behind that would keep others from being served.
def test_a_client_that_goes_away(s3, bucket):
    s3.put_object(Bucket=bucket, Key="people.csv", Body=b"%s\n" % (b"x" * 1000) * 20_000)
    for _ in range(3):
        answer = s3.select_object_content(Bucket=bucket, Key="people.csv", Expression="SELECT * FROM S3Object", ExpressionType="SQL",
                                          InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}})
        next(iter(answer["Payload"]))
        answer["Payload"].close()
    assert rows(select(s3, bucket, "SELECT COUNT(*) FROM S3Object", source={"CSV": {}})) == "20000\n"
