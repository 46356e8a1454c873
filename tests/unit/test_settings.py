"""Settings: defaults, values, and every fault at once."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

import tirage
from tirage.errors import UsageError
from tirage.settings import VARIABLES, BlenderDevice, LogFormat, LogLevel, Settings, explained, usable_cores

BASES = ("TIRAGE_FILE_BASE_URL", "MEDUSA_FILE_BASE_URL", "MEDUSA_PUBLIC_BASE_URL", "MEDUSA_BACKEND_URL")


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.read({"HOME": "/home/ann", "TIRAGE_THREADS": " "})
    assert settings.threads == usable_cores() >= 1
    assert (settings.log_level, settings.log_format) == ("warning", "text")
    folder = Path("tirage-data").absolute()
    assert settings.data_dir == folder
    assert settings.database_url == f"sqlite:///{folder}/tirage.db"
    assert settings.storage_url == f"file://{folder}/static"
    assert (settings.file_base_url, settings.api_key, settings.default_template) == (None, None, "tee")


@pytest.mark.parametrize(
    ("environment", "folders"),
    [
        ({"HOME": "/home/ann"}, ("/home/ann/.local/share/tirage/templates",)),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, ("/data/tirage/templates",)),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "data"}, ("/home/ann/.local/share/tirage/templates",)),
        ({"HOME": "/home/ann", "TIRAGE_TEMPLATES": "/a"}, ("/a",)),
        ({}, ()),
    ],
)
def test_own_templates_lie_in_the_users_data(environment: dict[str, str], folders: tuple[str, ...]) -> None:
    assert Settings.read(environment).templates == tuple(map(Path, folders))


def test_every_variable_is_read() -> None:
    environment = {
        "TIRAGE_THREADS": "3",
        "TIRAGE_TEMPLATES": "/a:/b",
        "TIRAGE_DATA_DIR": "/var/lib/tirage",
        "TIRAGE_DATABASE_URL": "postgresql://tirage@db/tirage",
        "TIRAGE_STORAGE_URL": "file:///srv/files",
        "TIRAGE_FILE_BASE_URL": "https://cdn.example.com/",
        "TIRAGE_API_KEY": "sk_0123456789abcdef",
        "TIRAGE_SERVER": "https://tirage.example.com/",
        "TIRAGE_RATE_LIMIT": "120",
        "TIRAGE_FETCH_ALLOW": "10.1.0.0/16, minio:9000",
        "TIRAGE_DEFAULT_TEMPLATE": "mug",
        "TIRAGE_STEP_SECONDS": "60",
        "TIRAGE_CLEANUP_TEMPORARY_HOURS": "1",
        "TIRAGE_CLEANUP_COMPLETED_HOURS": "2",
        "TIRAGE_CLEANUP_FAILED_DAYS": "3",
        "TIRAGE_BLENDER": "/opt/blender/blender",
        "TIRAGE_BLENDER_DEVICE": "GPU",
        "TIRAGE_LOG_LEVEL": "Debug",
        "TIRAGE_LOG_FORMAT": "json",
        "TIRAGE_TRACES_URL": "http://localhost:4318/",
    }
    elsewhere = {name for name in VARIABLES if name.startswith("AWS_")} | {
        *(
            "TIRAGE_RATE_LIMIT",
            "TIRAGE_FETCH_ALLOW",
            "TIRAGE_FFMPEG",
            "TIRAGE_BROWSER",
            "TIRAGE_REMOTION",
            "TIRAGE_VIDEO_ENCODER",
        )
    }
    assert {*environment, *elsewhere, *BASES, "TIRAGE_CONFIG"} == set(VARIABLES)
    assert Settings.read(environment) == Settings(
        threads=3,
        templates=(Path("/a"), Path("/b")),
        data_dir=Path("/var/lib/tirage"),
        database_url="postgresql://tirage@db/tirage",
        storage_url="file:///srv/files",
        file_base_url="https://cdn.example.com",
        api_key="sk_0123456789abcdef",
        server="https://tirage.example.com",
        rate_limit=120,
        fetch_allow=("10.1.0.0/16", "minio:9000"),
        default_template="mug",
        step_seconds=60,
        cleanup_temporary_hours=1,
        cleanup_completed_hours=2,
        cleanup_failed_days=3,
        blender=Path("/opt/blender/blender"),
        blender_device=BlenderDevice.GPU,
        log_level=LogLevel.DEBUG,
        log_format=LogFormat.JSON,
        traces_url="http://localhost:4318",
    )


@pytest.mark.rows("R307")
def test_every_fault_is_found_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Settings.read(
            {
                "TIRAGE_THREADS": "0",
                "TIRAGE_TEMPLATES": "relative/x",
                "TIRAGE_LOG_LEVEL": "loud",
                "TIRAGE_TEMPLATE": "/a",
                "TIRAGE_X": "",
                "OTHER": "?",
            }
        )
    assert [(finding.where, finding.code) for finding in caught.value.findings] == [
        (variable, "INVALID_SETTING")
        for variable in (
            "TIRAGE_TEMPLATE",
            "TIRAGE_X",
            "TIRAGE_THREADS",
            "TIRAGE_TEMPLATES",
            "TIRAGE_LOG_LEVEL",
        )
    ]
    assert caught.value.findings[0].hint == "Did you mean TIRAGE_TEMPLATES?"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("threads", ["65", "-1", "2.5", "two", "1e1"])
def test_thread_numbers_out_of_range(threads: str) -> None:
    with pytest.raises(UsageError, match="TIRAGE_THREADS cannot be"):
        Settings.read({"TIRAGE_THREADS": threads})


@pytest.mark.rows("R227", "C-28")
def test_the_base_of_addresses_is_the_first_that_is_set() -> None:
    environment = {name: f"https://{place}.example.com/x" for place, name in zip("abcd", BASES, strict=True)}
    found = []
    while environment:
        found.append(Settings.read(environment).file_base_url)
        del environment[next(iter(environment))]
    assert found == [
        "https://a.example.com/x",
        "https://b.example.com/x",
        "https://c.example.com/x/static",
        "https://d.example.com/x/static",
    ]
    for given in (
        "http://shop:9000/static",
        "http://shop:9000/static/",
        "http://shop:9000",
        "http://shop:9000/",
    ):
        assert Settings.read({"MEDUSA_BACKEND_URL": given}).file_base_url == "http://shop:9000/static"


@pytest.mark.rows("R202")
@pytest.mark.parametrize(
    ("variable", "text"),
    [
        *(
            ("TIRAGE_FILE_BASE_URL", text)
            for text in ("ftp://a/b", "/static", "https://u:p@a", "https://a/?b", "https://")
        ),
        *(("MEDUSA_BACKEND_URL", text) for text in ("shop", "https://a/#b", "https://a b")),
        *(("TIRAGE_STORAGE_URL", text) for text in ("/srv", "file://host/srv", "ftp://x", "file:///a?b")),
        *(
            ("TIRAGE_STORAGE_URL", text)
            for text in (
                *(
                    "s3://",
                    "s3:///a",
                    "s3://A/b",
                    "s3://a:1/b",
                    "s3://key:secretword@pictures",
                    "s3://pictures#a",
                ),
                *("s3://pictures/../a", "s3://pictures/a//b", "s3://pictures/a?secret=secretword"),
                *(
                    "s3://pictures?region=a&region=b",
                    "s3://pictures?endpoint=minio:9000",
                    "s3://pictures?region",
                ),
                "s3://pictures?endpoint=https://key:secretword@minio",
            )
        ),
        *(("TIRAGE_DATABASE_URL", text) for text in ("mysql://secretword@a/b", "sqlite://", "secretword")),
        *(
            ("TIRAGE_API_KEY", text)
            for text in ("secretword", "sk_secretword secretword", "sk_secretword:secretword")
        ),
        ("TIRAGE_DATA_DIR", "a\0b"),
        ("TIRAGE_DEFAULT_TEMPLATE", "../tee"),
    ],
)
def test_values_that_cannot_be(variable: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"{variable} cannot be") as caught:
        Settings.read({variable: text})
    assert "secretword" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    given = {"TIRAGE_API_KEY": "sk_0123456789abcdef", "TIRAGE_DATABASE_URL": "postgresql://a:secretword@b/c"}
    shown = repr(Settings.read(given))
    assert "sk_0" not in shown
    assert "secretword" not in shown


S3 = "s3://pictures/shop/one?endpoint=http://minio:9000&region=eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAKEY", "AWS_SECRET_ACCESS_KEY": "secretword", "AWS_CA_BUNDLE": "/ca.pem"}


def test_a_bucket_with_its_credentials() -> None:
    for text in (S3, "s3://pictures", "s3://pictures/", "s3://pictures/a.b/c-d?region=x"):
        assert Settings.read({"TIRAGE_STORAGE_URL": text}).storage_url == text
    settings = Settings.read({"TIRAGE_STORAGE_URL": S3, **KEYS, "AWS_PROFILE": ""})
    assert settings.credentials == KEYS
    assert Settings.read(settings.environment()) == settings, "a worker stores files too"
    assert "secretword" not in repr(settings)
    assert "AKIAKEY" not in repr(settings)
    shown = {each.name: each.value for each in explained({"TIRAGE_STORAGE_URL": S3, **KEYS})}
    assert shown["TIRAGE_STORAGE_URL"] == S3
    assert shown["AWS_ACCESS_KEY_ID"] == shown["AWS_SECRET_ACCESS_KEY"] == "•••"
    assert shown["AWS_SESSION_TOKEN"] == ""


def test_a_folder_needs_no_credentials() -> None:
    assert Settings.read(KEYS).credentials == {}


def test_settings_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings.read({}).threads = 5  # type: ignore[misc]


def test_settings_come_from_one_place() -> None:
    package = Path(tirage.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }
    assert readers == {"settings.py", "media/process.py"}, "process.py hands a few variables on to children"


def test_a_worker_gets_the_same_settings() -> None:
    given = Settings.read(
        {
            "TIRAGE_THREADS": "3",
            "TIRAGE_TEMPLATES": "/a:/b",
            "TIRAGE_DATA_DIR": "/x",
            "MEDUSA_BACKEND_URL": "http://shop:9000",
            "TIRAGE_API_KEY": "sk_0123456789abcdef",
            "TIRAGE_LOG_FORMAT": "json",
        },
        data_dir=Path("/var/lib/tirage"),
    )
    assert given.data_dir == Path("/var/lib/tirage")
    assert given.database_url == "sqlite:////var/lib/tirage/tirage.db"
    again = Settings.read(given.environment())
    assert again == replace(given, api_key=None)
    assert Settings.read(Settings.read({}).environment()) == Settings.read({})


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "tirage.toml"
        path.write_text(text)
        return path

    return write


def test_the_environment_goes_before_the_file(toml: Callable[[str], Path], tmp_path: Path) -> None:
    path = toml('threads = 3\ndata_dir = "data"\ntemplates = ["/a", "/b"]\ncleanup_failed_days = 30\n')
    environment = {"TIRAGE_CONFIG": str(path), "TIRAGE_THREADS": "4", "HOME": "/home/ann"}
    settings = Settings.read(environment)
    assert (settings.threads, settings.templates) == (4, (Path("/a"), Path("/b")))
    assert (settings.data_dir, settings.cleanup_failed_days) == (tmp_path / "data", 30)
    assert Settings.read(environment, data_dir=Path("/other")).data_dir == Path("/other")
    origins = {each.name: (each.value, each.origin) for each in explained(environment)}
    assert origins["TIRAGE_THREADS"] == ("4", "environment")
    assert origins["TIRAGE_DATA_DIR"] == (str(tmp_path / "data"), str(path))
    assert origins["TIRAGE_STEP_SECONDS"] == ("300", "default")
    assert set(origins) == set(VARIABLES)
    assert Settings.read(settings.environment()) == settings


def test_the_file_where_the_program_runs(
    toml: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml("step_seconds = 7")
    monkeypatch.chdir(tmp_path)
    assert Settings.read({}).step_seconds == 7


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("threads = 0", "TIRAGE_THREADS", "cannot be '0'"),
        ("thread = 1", "thread", "Did you mean threads?"),
        ("config = 'x'", "config", "There is no setting config"),
        ("threads = ", "tirage.toml", "Invalid value"),
        ("[cleanup]\nfailed_days = 7", "cleanup", "There is no setting cleanup"),
    ],
)
def test_faults_of_the_file(toml: Callable[[str], Path], text: str, where: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.read({"TIRAGE_CONFIG": str(toml(text))})
    (finding,) = caught.value.findings
    assert finding.where.endswith(where)
    assert said in finding.message + finding.hint


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        Settings.read({"TIRAGE_CONFIG": str(tmp_path / "x.toml")})


def test_secrets_are_not_explained() -> None:
    given = {"TIRAGE_API_KEY": "sk_0123456789abcdef", "TIRAGE_DATABASE_URL": "postgresql://ann:pw@db/x"}
    shown = {each.name: each.value for each in explained(given)}
    assert (shown["TIRAGE_API_KEY"], shown["TIRAGE_DATABASE_URL"]) == ("•••", "postgresql://ann:•••@db/x")
