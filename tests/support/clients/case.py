"""One case as a client adapter gets it, and the answers that it may give. The contract is in README.md beside this file."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

LOGGED_IN, REFUSED, BROKEN, CANNOT_PLAY = 0, 1, 2, 77
HERE = Path(__file__).resolve().parent
TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"]

HOST = os.environ.get("SHAKEDOWN_HOST", "localhost")
HOSTADDR = os.environ.get("SHAKEDOWN_HOSTADDR", "127.0.0.1")
PORT = os.environ.get("SHAKEDOWN_PORT", "")
USER = os.environ.get("SHAKEDOWN_USER", "")
PASSWORD = os.environ.get("SHAKEDOWN_PASSWORD")
# Whether a client that has to be let send its password as it is is let do so.
CLEARTEXT = os.environ.get("SHAKEDOWN_CLEARTEXT") == "1"
DATABASE = os.environ.get("SHAKEDOWN_DATABASE")
TLS_MODE = os.environ.get("SHAKEDOWN_TLS_MODE", "DISABLED")
TLS_MIN = os.environ.get("SHAKEDOWN_TLS_MIN", "1.0")
TLS_MAX = os.environ.get("SHAKEDOWN_TLS_MAX", "1.3")
SUITES = [suite for suite in os.environ.get("SHAKEDOWN_TLS_SUITES", "").split(":") if suite]
CA = os.environ.get("SHAKEDOWN_CA")
SPN = os.environ.get("SHAKEDOWN_SPN")
REALM = os.environ.get("SHAKEDOWN_REALM")
TIMEOUT_SECONDS = float(os.environ.get("SHAKEDOWN_TIMEOUT", "10"))


def logged_in(tls=None, suite=None):
    answer(LOGGED_IN, tls, suite, None)


def refused(error, tls=None, suite=None):
    """Somebody said no: the server, the KDC, or this client, which found something that it does not accept."""
    answer(REFUSED, tls, suite, error)


def broken(error):
    """Nobody said anything: no answer, no connection, a program that is out of order."""
    answer(BROKEN, None, None, error)


def cannot_play(why):
    answer(CANNOT_PLAY, None, None, why)


def answer(code, tls, suite, error):
    line = {"tls": tls, "suite": suite, "error": without_secret(error)}
    print(json.dumps({key: value for key, value in line.items() if value is not None}), flush=True)
    sys.exit(code)


def without_secret(text):
    """Programs should not repeat a password, and what some future one repeats must not get into a report."""
    if text is None or not PASSWORD:
        return text
    return text.replace(PASSWORD, "(password)")


def need(*names):
    """The variables without which this adapter cannot work."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        broken("not set: " + ", ".join(missing))


def need_mode(known):
    """What this client calls the TLS mode; a mode that it does not have cannot be played."""
    if TLS_MODE not in known:
        cannot_play(f"this client has no TLS mode {TLS_MODE}")
    return known[TLS_MODE]


def need_program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if path is None:
        cannot_play(f"{name} is not installed")
    return path


def run(argv, environment=None, stdin=None):
    """Runs a program to its end, or to the deadline. Its words come in English."""
    variables = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C", **(environment or {})}
    try:
        done = subprocess.run(
            argv, env=variables, input=stdin, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS,
            **({} if stdin is not None else {"stdin": subprocess.DEVNULL}),
        )
    except subprocess.TimeoutExpired:
        broken(f"{Path(argv[0]).name} did not end within {TIMEOUT_SECONDS:g} s")
    except OSError as error:
        broken(f"{argv[0]}: {error}")
    if done.returncode < 0:
        broken(f"{Path(argv[0]).name} was ended by signal {-done.returncode}: {last_line(done.stderr)}")
    return done


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def dial_name():
    """The name to dial for clients that cannot be told name and address apart: the name where it leads to the address."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(HOST, None, proto=socket.IPPROTO_TCP)}
    except OSError:
        found = set()
    if HOSTADDR in found:
        return HOST
    if TLS_MODE == "VERIFY_IDENTITY":
        cannot_play(f"{HOST} does not resolve to {HOSTADDR}, and this client verifies the name that it dials")
    return HOSTADDR


def tls_versions():
    return TLS_VERSIONS[TLS_VERSIONS.index(TLS_MIN) : TLS_VERSIONS.index(TLS_MAX) + 1]


def openssl_ciphers():
    """Everything old is allowed: whether a suite may be used is what the case is about, not the machine's policy."""
    return ":".join(SUITES or ["ALL"]) + ":@SECLEVEL=0"


def openssl_protocol(version):
    """TLSv1, TLSv1.1, TLSv1.2, TLSv1.3."""
    return "TLSv1" if version == "1.0" else "TLSv" + version


def openssl_conf(directory):
    """A configuration for programs whose OpenSSL takes versions and suites from nowhere else."""
    path = Path(directory) / "openssl.cnf"
    path.write_text(
        "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\n"
        f"MinProtocol = {openssl_protocol(TLS_MIN)}\nMaxProtocol = {openssl_protocol(TLS_MAX)}\n"
        f"CipherString = {openssl_ciphers()}\n"
    )
    return str(path)


def python_tls():
    """An SSLContext for clients in Python."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = TLS_MODE == "VERIFY_IDENTITY"
    if TLS_MODE in ("VERIFY_CA", "VERIFY_IDENTITY"):
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(CA)
    else:
        context.verify_mode = ssl.CERT_NONE
    names = {"1.0": "TLSv1", "1.1": "TLSv1_1", "1.2": "TLSv1_2", "1.3": "TLSv1_3"}
    context.minimum_version = ssl.TLSVersion[names[TLS_MIN]]
    context.maximum_version = ssl.TLSVersion[names[TLS_MAX]]
    context.set_ciphers(openssl_ciphers())
    return context


def tls_name(openssl_name):
    """`TLSv1` as OpenSSL has it is `TLS1.0` in outcomes."""
    match = re.fullmatch(r"TLSv1(?:\.([0-3]))?", openssl_name or "")
    return f"TLS1.{match.group(1) or 0}" if match else openssl_name


def other_verb():
    """A step `kinit` of a case is played by MIT's kinit, whatever the client."""
    if os.environ.get("SHAKEDOWN_VERB", "connect") == "kinit":
        os.execv(HERE / "kinit", [str(HERE / "kinit")])


def temporary_directory():
    """For files that a program insists on; goes away with the adapter."""
    return tempfile.TemporaryDirectory(prefix="shakedown-client-")
