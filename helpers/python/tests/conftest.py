import pytest


@pytest.fixture(scope="session")
def cloche_prepared(cloche):
    cloche.client("s3").create_bucket(Bucket="prepared")
    cloche.client("s3").put_object(Bucket="prepared", Key="k", Body=b"as prepared")
