"""Every setting: read from environment variables that begin with CDS_, checked once, frozen."""

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cds_service.access.address import is_loopback
from cds_service.errors import SettingsError
from cds_service.fhir.hosts import parse_hosts
from cds_service.hooks.request import Limits
from cds_service.knowledge.place import Place

PREFIX = "CDS_"
TESTS = frozenset({"CDS_TEST_SAMPLES", "CDS_TEST_SOURCES"})
ALGORITHMS = frozenset({"ES384", "RS384", "RS256"})
SHORTEST_KEY = 16
ORIGIN = re.compile(r"https?://[^\s/,]+")
OWN = Place(Path("plandefinitions"), Path("valuesets"))
_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent
SHIPPED = Place(_ROOT / "plandefinitions", _ROOT / "valuesets")


class Settings(BaseSettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    plandefinitions: Path = Field(SHIPPED.plandefinitions, description="Folder of the PlanDefinitions.")
    valuesets: Path = Field(SHIPPED.valuesets, description="Folder of the ValueSets, CodeSystems, NamingSystems.")
    bundle: str | None = Field(
        None, description="File or http(s) address of a Bundle of all artifacts; served instead of the folders."
    )
    max_body_bytes: int = Field(
        Limits.body_bytes, gt=0, description="Largest body in bytes; a larger one is answered 413."
    )
    max_entries: int = Field(Limits.entries, gt=0, description="Most entries of one Bundle; more are answered 413.")
    request_s: float = Field(
        30,
        gt=0,
        le=300,
        description="Seconds for one request, from its first byte to the answer's last; then it is cut.",
    )
    cors_origins: str = Field("*", description="Origins that browsers may call from: * or a comma-separated list.")
    timezone: str | None = Field(
        None, description="IANA time zone of 'today', such as Europe/Berlin; default: the host's."
    )
    public_url: str | None = Field(
        None,
        description="Address under which clients reach the service, without /cds-services; tokens are made for it.",
    )
    auth: Literal["on", "off"] | None = Field(
        None, description="Whether calls need a token; default: off on a loopback address, on elsewhere."
    )
    clients_file: Path | None = Field(None, description="JSON file of the clients that may call, with their keys.")
    auth_algorithms: str = Field(
        "ES384,RS384", description="Signing algorithms that are accepted, of ES384, RS384 and RS256."
    )
    auth_clock_skew_s: int = Field(30, ge=0, le=300, description="Seconds by which a client's clock may be wrong.")
    auth_max_age_s: int = Field(
        86_400, gt=0, description="Oldest token that is accepted, in seconds; none counts for longer."
    )
    fhir_allowed_hosts: str = Field(
        "",
        description="Hosts that prefetch may be fetched from, comma-separated; also addresses and networks. None: no.",
    )
    fhir_budget_s: float = Field(3.0, gt=0, le=20, description="Seconds that one call may spend on fetching, in all.")
    fhir_connect_s: float = Field(1.0, gt=0, le=30, description="Seconds to wait for a connection to a FHIR server.")
    fhir_read_s: float = Field(2.0, gt=0, le=30, description="Seconds to wait for a FHIR server to send something.")
    fhir_max_pages: int = Field(5, ge=1, le=100, description="Most pages of one search that are fetched.")
    fhir_max_bytes: int = Field(10_000_000, gt=0, description="Most bytes that one call fetches, in all.")
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) to trust for FHIR servers and key sets; default: the public ones."
    )
    database_url: str = Field(
        "sqlite:///cds-service.sqlite3",
        repr=False,
        description="Store of feedback: a SQLAlchemy URL of SQLite or PostgreSQL.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Secret that keys the hashes in the store; the same on every instance. Default: one per start.",
    )
    keep_comments: bool = Field(False, description="Whether free-text comments of feedback are stored.")
    keep_cards_days: int = Field(90, gt=0, description="Days for which the store knows which card was about what.")
    explain: bool = Field(
        False, description="Whether calls can be explained at /cds-services/{id}/explain, with codes of the patient."
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="Port of /metrics without authentication; default: only on the service's own.",
    )

    @field_validator("bundle")
    @classmethod
    def _reachable(cls, bundle: str | None) -> str | None:
        parts = urlsplit(bundle or "")
        if parts.scheme in ("http", "https") and not (parts.hostname and parts.port != 0):
            raise ValueError("is not an address such as https://example.org/knowledge.json")
        return bundle

    @field_validator("fhir_allowed_hosts")
    @classmethod
    def _hosts(cls, text: str) -> str:
        parse_hosts(text)
        return text

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "https://host")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("is not an address such as https://cds.example.org")
        return url.rstrip("/") if url else None

    @field_validator("ca_file")
    @classmethod
    def _certificates(cls, path: Path | None) -> Path | None:
        try:
            if path:
                ssl.create_default_context(cafile=path)
        except OSError:
            raise ValueError("is not a file of certificates in PEM that can be read") from None
        return path

    @field_validator("secret_key")
    @classmethod
    def _long(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"has fewer than {SHORTEST_KEY} characters; make one with: openssl rand -hex 32")
        return key

    @field_validator("auth_algorithms")
    @classmethod
    def _asymmetric(cls, names: str) -> str:
        if not {name.strip() for name in names.split(",")} <= ALGORITHMS:
            raise ValueError(f"is not a comma-separated list of {', '.join(sorted(ALGORITHMS))}")
        return names

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: str) -> str:
        if origins != "*" and not all(ORIGIN.fullmatch(each.strip()) for each in origins.split(",")):
            raise ValueError("is neither * nor a list of origins such as https://ehr.example.org")
        return origins

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            ZoneInfo(name or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValueError("is not an IANA time zone such as Europe/Berlin") from None
        return name


def read_settings(**overrides: object) -> Settings:
    """Return the settings of the environment, with overrides; raises SettingsError naming each that cannot work."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known | TESTS)
    if unknown:
        raise SettingsError(f"{', '.join(unknown)}: no such setting. There are {', '.join(sorted(known))}")
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        reasons = [f"CDS_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()]
        raise SettingsError("; ".join(reasons)) from None


def place_of(settings: Settings) -> Place:
    """Return where the knowledge is."""
    return Place(settings.plandefinitions, settings.valuesets, settings.bundle, settings.ca_file)


def own_place() -> Place | None:
    """Return the folders of knowledge that the current folder holds; None where one of the two is not there."""
    return OWN if OWN.plandefinitions.is_dir() and OWN.valuesets.is_dir() else None


def with_own_place(settings: Settings) -> Settings:
    """Return the settings with the folders that the current folder holds, where neither setting nor option names any.

    Whoever works on knowledge works on what is there. A server must not: what it serves would depend on where it was
    started.
    """
    own = own_place()
    if own is None or settings.model_fields_set & {"plandefinitions", "valuesets", "bundle"}:
        return settings
    return settings.model_copy(update={"plandefinitions": own.plandefinitions, "valuesets": own.valuesets})


def for_host(settings: Settings, host: str) -> Settings:
    """Return the settings with authentication settled for an address to bind: off on loopback, on elsewhere."""
    if settings.auth is not None:
        return settings
    return settings.model_copy(update={"auth": "off" if is_loopback(host) else "on"})


@contextmanager
def metrics_shared_in(folder: str) -> Iterator[None]:
    """Tell prometheus-client, which reads the environment, in which folder the processes share their figures."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
