"""PynamoDB, the object mapper: models with indexes, conditions, batches, transactions and versions, as its tutorial builds them."""

import datetime

import pynamodb.connection
import pytest
from pynamodb.attributes import (BinaryAttribute, BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, NumberSetAttribute, TTLAttribute,
                                 UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute, VersionAttribute)
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


class ByViews(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-views"
        projection = AllProjection()

    tag = UnicodeAttribute(hash_key=True)
    views = NumberAttribute(range_key=True)


class ByLastReply(LocalSecondaryIndex):
    class Meta:
        index_name = "by-last-reply"
        projection = KeysOnlyProjection()

    forum = UnicodeAttribute(hash_key=True)
    last_reply = UTCDateTimeAttribute(range_key=True)


class Author(MapAttribute):
    name = UnicodeAttribute()
    born = NumberAttribute(null=True)


class Thread(Model):
    class Meta:
        table_name = "pynamodb-threads"
        billing_mode = "PAY_PER_REQUEST"
        region = "us-east-1"
        aws_access_key_id = "test"
        aws_secret_access_key = "test"

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    views = NumberAttribute(default=0)
    tag = UnicodeAttribute(null=True)
    last_reply = UTCDateTimeAttribute(null=True)
    open = BooleanAttribute(default=True)
    labels = UnicodeSetAttribute(null=True)
    numbers = NumberSetAttribute(null=True)
    raw = BinaryAttribute(null=True, legacy_encoding=False)
    notes = JSONAttribute(null=True)
    author = Author(null=True)
    answers = ListAttribute(of=Author, null=True)
    expires = TTLAttribute(null=True)
    version = VersionAttribute()
    by_views = ByViews()
    by_last_reply = ByLastReply()


@pytest.fixture
def thread(endpoint):
    Thread.Meta.host = endpoint
    Thread._connection = None
    Thread.create_table(wait=True)
    assert Thread.exists()
    yield Thread
    Thread.delete_table()


def day(number):
    return datetime.datetime(2026, 1, number, tzinfo=datetime.timezone.utc)


def test_all_kinds_of_attributes(thread):
    full = Thread("forum", "full", tag="t", views=3.5, last_reply=day(1), labels={"a", "b"}, numbers={1, 2.5}, raw=b"\x00\xff", notes={"deep": [1, None]},
                  author=Author(name="Ada", born=1815), answers=[Author(name="Bob"), Author(name="Eve")], expires=datetime.timedelta(hours=1))
    full.save()
    got = thread.get("forum", "full", consistent_read=True)
    assert (got.views, got.labels, got.numbers, got.raw, got.notes) == (3.5, {"a", "b"}, {1, 2.5}, b"\x00\xff", {"deep": [1, None]})
    assert (got.author.name, got.author.born, [one.name for one in got.answers], got.last_reply) == ("Ada", 1815, ["Bob", "Eve"], day(1))
    assert got.expires > datetime.datetime.now(datetime.timezone.utc) and got.version == 1
    with pytest.raises(DoesNotExist):
        thread.get("forum", "none")


def test_conditions_and_updates(thread):
    one = Thread("forum", "one", tag="t")
    one.save(Thread.subject.does_not_exist())
    one.update(actions=[Thread.views.set(Thread.views + 5), Thread.labels.add({"new"}), Thread.author.set(Author(name="Ada"))])
    assert (one.views, one.labels, one.author.name, one.version) == (5, {"new"}, "Ada", 2)
    one.update(actions=[Thread.labels.delete({"new"}), Thread.tag.remove(), Thread.author.name.set("Grace"), Thread.answers.set([Author(name="x")])])
    one.update(actions=[Thread.answers.set(Thread.answers.append([Author(name="y")]))], condition=Thread.views.between(1, 9) & Thread.author.name.startswith("G"))
    got = thread.get("forum", "one")
    assert (got.labels, got.tag, [answer.name for answer in got.answers]) == (None, None, ["x", "y"])
    with pytest.raises(UpdateError) as refused:
        one.update(actions=[Thread.views.set(0)], condition=(Thread.views > 100) | Thread.open.is_in(False))
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    # Two who read the same version: the second write is refused.
    first, second = thread.get("forum", "one"), thread.get("forum", "one")
    first.save()
    with pytest.raises(PutError):
        second.save()
    first.delete(condition=Thread.views == 5)


def test_queries_and_scans(thread):
    with thread.batch_write() as batch:
        for number in range(30):
            batch.save(Thread("forum", f"{number:03d}", tag="even" if number % 2 == 0 else "odd", views=number, last_reply=day(number + 1)))
    assert thread.count("forum") == 30
    assert [row.subject for row in thread.query("forum", Thread.subject.between("010", "012"))] == ["010", "011", "012"]
    assert [row.subject for row in thread.query("forum", Thread.subject.startswith("02"), scan_index_forward=False, limit=2)] == ["029", "028"]
    assert [row.views for row in Thread.by_views.query("even", Thread.views > 24)] == [26, 28]
    assert [row.subject for row in Thread.by_last_reply.query("forum", Thread.last_reply < day(3), consistent_read=True)] == ["000", "001"]
    filtered = thread.query("forum", filter_condition=(Thread.tag == "odd") & (Thread.views >= 25), page_size=7)
    assert [row.views for row in filtered] == [25, 27, 29]
    page = thread.query("forum", limit=12)
    first = [row.subject for row in page]
    rest = [row.subject for row in thread.query("forum", last_evaluated_key=page.last_evaluated_key)]
    assert first + rest == [f"{number:03d}" for number in range(30)]
    assert sorted(row.subject for segment in range(3) for row in thread.scan(Thread.views < 5, segment=segment, total_segments=3)) == [f"00{n}" for n in range(5)]
    keys = [("forum", f"{number:03d}") for number in range(30)] + [("forum", "none")]
    assert len(list(thread.batch_get(keys, attributes_to_get=["subject"]))) == 30
    with thread.batch_write() as batch:
        for row in thread.scan():
            batch.delete(row)
    assert thread.count("forum") == 0


def test_transactions(thread, endpoint):
    connection = pynamodb.connection.Connection(region="us-east-1", host=endpoint)
    connection.session.set_credentials("test", "test")
    for name in ("a", "b"):
        Thread("forum", name, views=10).save()
    a, b = thread.get("forum", "a"), thread.get("forum", "b")
    with TransactWrite(connection=connection, client_request_token="token-1") as write:
        write.update(a, actions=[Thread.views.add(-3)])
        write.update(b, actions=[Thread.views.add(3)])
        write.save(Thread("forum", "c"), condition=Thread.subject.does_not_exist())
        write.condition_check(Thread, "forum", "d", condition=Thread.subject.does_not_exist())
    with TransactGet(connection=connection) as read:
        got = [read.get(Thread, "forum", name) for name in "abc"]
    assert [one.get().views for one in got] == [7, 13, 0]
    with pytest.raises(TransactWriteError) as refused:
        with TransactWrite(connection=connection) as write:
            write.delete(thread.get("forum", "a"))
            write.condition_check(Thread, "forum", "b", condition=Thread.views == 0)
    assert refused.value.cause_response_code == "TransactionCanceledException"
    # PynamoDB sends checks first.
    assert [reason and reason.code for reason in refused.value.cancellation_reasons] == ["ConditionalCheckFailed", None]
    assert thread.get("forum", "a").views == 7
