"""cds-service keys: a key pair and a token, to try out authentication (CDS Hooks 2.0, Trusting CDS Clients)."""

import json
import shlex
import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from cds_service.access.jwk import ALGORITHMS
from cds_service.access.make import KeyPair, make_key_pair, make_token
from cds_service.app import real_effects

USAGE = 2
PRIVATE, PUBLIC = "private.pem", "jwks.json"
ISSUER = "https://ehr.example.org"
ADDRESS = "http://127.0.0.1:8000/cds-services"
algorithm_option = click.option(
    "--algorithm", default="ES384", show_default=True, type=click.Choice([*ALGORITHMS]), help="Signing algorithm."
)


@click.group()
def keys() -> None:
    """Make a key pair and tokens, to try out authentication.

    \b
    Examples:
      cds-service keys new --out trial
      cds-service keys token --help
    """


@keys.command()
@algorithm_option
@click.option("--kid", default=None, help="Id of the key; default: a new one.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
def new(algorithm: str, kid: str | None, out: Path) -> None:
    """Make a key pair: private.pem, readable by you only, and jwks.json with the public key.

    Prints what to do next. Nothing is overwritten. Exit code 2: it could not be written.

    \b
    Example:
      cds-service keys new --out trial
    """
    name = kid or real_effects(None).new_uuid()
    try:
        _write_pair(out, make_key_pair(algorithm, name))
    except FileExistsError as error:
        _fail(f"{error.filename} is there already and is not overwritten. Name another folder.")
    except OSError as error:
        _fail(f"{out} cannot be written: {error.strerror}.")
    click.echo(_next_steps(out, algorithm, name))


@keys.command()
@click.option("--key", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Private key (PEM).")
@click.option("--kid", required=True, help="Id of the key.")
@click.option("--issuer", required=True, help="iss: the client, as the clients file names it.")
@click.option("--audience", required=True, help="aud: the address that is called.")
@algorithm_option
@click.option("--tenant", default=None, help="tenant of the client that the call is for.")
@click.option("--jku", default=None, help="Address of the client's key set.")
@click.option("--minutes", default=5, show_default=True, type=click.IntRange(1, 1440), help="How long it counts.")
def token(
    key: Path,
    kid: str,
    issuer: str,
    audience: str,
    algorithm: str,
    tenant: str | None,
    jku: str | None,
    minutes: int,
) -> None:
    """Print a token for one call of one address.

    Exit code 2: there is no private key that fits.

    \b
    Example:
      curl -H "Authorization: Bearer $(cds-service keys token --key trial/private.pem --kid k1 \\
        --issuer https://ehr.example.org --audience http://127.0.0.1:8000/cds-services)" \\
        http://127.0.0.1:8000/cds-services
    """
    jti, now = real_effects(None).new_uuid(), int(time.time())
    try:
        made = make_token(key.read_text(), algorithm, kid, issuer, audience, now, minutes * 60, jti, tenant, jku)
    except OSError as error:
        _fail(f"{key} cannot be read: {error.strerror}.")
    except ValueError:  # a file that is no text is one too
        _fail(f"{key} holds no unencrypted private key (PEM) for {algorithm}.")
    click.echo(made)


def _write_pair(out: Path, pair: KeyPair) -> None:
    out.mkdir(parents=True, exist_ok=True)
    private, public = out / PRIVATE, out / PUBLIC
    if public.exists():
        raise FileExistsError(None, None, str(public))
    private.touch(mode=0o600, exist_ok=False)
    private.write_text(pair.private_pem)
    public.write_text(json.dumps({"keys": [pair.public_jwk]}, indent=2) + "\n")


def _next_steps(out: Path, algorithm: str, kid: str) -> str:
    clients = {"clients": [{"iss": ISSUER, "jwksFile": PUBLIC}]}
    make = ["cds-service", "keys", "token", "--key", str(out / PRIVATE), "--kid", kid, "--algorithm", algorithm]
    make += ["--issuer", ISSUER, "--audience", ADDRESS]
    settings = {"CDS_AUTH": "on", "CDS_PUBLIC_URL": ADDRESS.removesuffix("/cds-services")}
    settings |= {"CDS_AUTH_ALGORITHMS": algorithm, "CDS_CLIENTS_FILE": str(out / "clients.json")}
    serve = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
    return "\n".join(
        [
            f"Wrote {out / PRIVATE} (keep it secret) and {out / PUBLIC}. The kid is {kid}.",
            f"Next: write {out / 'clients.json'}:",
            json.dumps(clients),
            "serve:",
            f"{serve} cds-service serve",
            "and call:",
            f'curl -H "Authorization: Bearer $({shlex.join(make)})" {ADDRESS}',
        ]
    )


def _fail(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(USAGE)
