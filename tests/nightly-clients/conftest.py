from clients.conftest import endpoint  # noqa: F401  Signatures are checked here too.
