"""Every setting: read from environment variables that begin with CDS_, checked once, frozen."""

import os
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cds_service.errors import SettingsError
from cds_service.hooks.request import Limits

PREFIX = "CDS_"
TESTS = frozenset({"CDS_TEST_SAMPLES", "CDS_TEST_SOURCES"})
ORIGIN = re.compile(r"https?://[^\s/,]+")
_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent


class Settings(BaseSettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    plandefinitions: Path = Field(_SHIPPED / "plandefinitions", description="Folder of the PlanDefinitions.")
    valuesets: Path = Field(_SHIPPED / "valuesets", description="Folder of the ValueSets, CodeSystems, NamingSystems.")
    max_body_bytes: int = Field(
        Limits.body_bytes, gt=0, description="Largest body in bytes; a larger one is answered 413."
    )
    max_entries: int = Field(Limits.entries, gt=0, description="Most entries of one Bundle; more are answered 413.")
    cors_origins: str = Field("*", description="Origins that browsers may call from: * or a comma-separated list.")
    timezone: str | None = Field(
        None, description="IANA time zone of 'today', such as Europe/Berlin; default: the host's."
    )

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
