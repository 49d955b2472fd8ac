"""What a driver says -> a StoreError that tells an operator what to do, without a value of a row or a password."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cds_service.errors import StoreError

FAULTS = (SQLAlchemyError, sqlite3.Error, psycopg.Error, OSError, UnicodeError)
UPGRADE = "Its tables are missing or old: run cds-service db upgrade"
_SQLITE = {
    "SQLITE_BUSY": "Another process has it locked",
    "SQLITE_LOCKED": "Another process has it locked",
    "SQLITE_FULL": "The disk is full",
    "SQLITE_READONLY": "The file or its folder cannot be written to",
    "SQLITE_CANTOPEN": "The file cannot be opened",
    "SQLITE_NOTADB": "The file is no SQLite database",
    "SQLITE_CORRUPT": "The file is damaged",
    "SQLITE_IOERR": "The disk cannot be read or written",
}
_SQLSTATE = {
    "25006": "The server takes no writes now",
    "28": "The server does not accept the user or the password",
    "3D000": "The server has no such database",
    "42501": "The user lacks a right",
    "53": "The server is full",
    "55P03": "Another transaction has it locked",
    "57014": "The server took too long",
    "57P": "The server is starting or stopping",
}


class SchemaMissing(StoreError):
    """The tables are not there."""


def to_store_error(error: BaseException) -> StoreError:
    """Return what an operator can do about an error of a driver, of SQLAlchemy or of the system."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if _no_table(cause):
        return SchemaMissing(f"The store cannot be used. {UPGRADE}.")
    return StoreError(f"The store cannot be used. {_reason(cause)} ({_code(cause)}).")


@contextmanager
def as_store_errors() -> Iterator[None]:
    """Let every fault of the block be raised as a StoreError; the original, which may show values, is dropped."""
    try:
        yield
    except FAULTS as error:
        raise to_store_error(error) from None


def _no_table(cause: BaseException) -> bool:
    return isinstance(cause, psycopg.errors.UndefinedTable) or str(cause).startswith("no such table")


def _code(cause: BaseException) -> str:
    found = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return found or type(cause).__name__


def _reason(cause: BaseException) -> str:
    code = _code(cause)
    if isinstance(cause, psycopg.OperationalError) and not cause.sqlstate:
        return "The server cannot be reached or does not answer"
    known = _SQLITE if isinstance(cause, sqlite3.Error) else _SQLSTATE
    return next((text for start, text in known.items() if code.startswith(start)), "The database reports a fault")
