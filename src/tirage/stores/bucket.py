"""A bucket of any storage that speaks S3, as `s3://bucket/prefix?endpoint=…&region=…` names it.
Who we are stands in the AWS_ variables, which the library reads itself; no address of ours holds a secret.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from obstore.store import S3Store

if TYPE_CHECKING:  # names of the library's stubs only
    from obstore.store import ClientConfig, RetryConfig, S3Config

RETRY: RetryConfig = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=3)},
}
"""For what passes in seconds; who asks decides whether to wait longer: a job does, a request does not."""
CONNECT = timedelta(seconds=3)
SILENCE = timedelta(seconds=20)
"""How long a storage may say nothing, also while it takes a part of an upload (5 MiB)."""
WHOLE = timedelta(hours=1)
"""How long one answer may take: a film goes to a slow client as slowly as that reads."""


def open_bucket(url: str) -> S3Store:
    """The storage behind an address that the settings have checked; nothing is asked of it yet."""
    address = urlsplit(url)
    options = dict(parse_qsl(address.query))
    config: S3Config = {}
    client: ClientConfig = {"connect_timeout": CONNECT, "read_timeout": SILENCE, "timeout": WHOLE}
    if region := options.get("region"):
        config["region"] = region
    if endpoint := options.get("endpoint"):
        config["endpoint"] = endpoint
        client["allow_http"] = endpoint.startswith("http:")
    return S3Store(
        address.netloc,
        prefix=address.path.strip("/") or None,
        config=config,
        client_options=client,
        retry_config=RETRY,
    )
