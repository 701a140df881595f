"""MIT's programs say whether the KDC refused only in their trace; this reads it."""

import re

import case

# The error table of krb5 starts here (KRB5KDC_ERR_NONE); protocol errors are counted from it.
KRB5_ERROR_BASE = -1765328384
# Errors of the protocol go up to here; what lies above is the library's own (no KDC, no cache, no configuration).
KRB_ERROR_MAX = 127
# KDC_ERR_PREAUTH_REQUIRED and KRB_ERR_RESPONSE_TOO_BIG ask for another attempt.
CONTINUE = {25, 52}


def play(argv, stdin=None):
    with case.temporary_directory() as directory:
        trace = case.Path(directory) / "trace"
        done = case.run(argv, {"KRB5_TRACE": str(trace)}, stdin)
        text = trace.read_text(errors="replace") if trace.exists() else ""
    if done.returncode == 0:
        case.logged_in()
    error = case.last_line(done.stderr)
    codes = [int(code) - KRB5_ERROR_BASE for code in re.findall(r"(?:Received error from KDC|TGS request result): (-\d+)/", text)]
    final = [code for code in codes if 0 < code <= KRB_ERROR_MAX and code not in CONTINUE]
    if final:
        case.refused(f"krb {final[-1]}: {error}")
    # Without pre-authentication the KDC refuses nobody: a wrong password shows when its reply cannot be decrypted.
    if "Password incorrect" in error:
        case.refused(error)
    case.broken(error)
