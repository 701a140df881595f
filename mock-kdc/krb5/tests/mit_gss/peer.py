"""MIT's GSS-API behind a pipe: one command a line, one answer a line, octets in hexadecimal, '-' for none.

accept KEYTAB TOKEN        -> accepted CLIENT SERVICE FLAGS REPLY | continue TOKEN | refused MAJOR MINOR REPLY
go_on TOKEN                -> the same, with the acceptor's next token
init CCACHE NAME FLAGS MECH -> token TOKEN; MECH: krb5 or spnego
step TOKEN                 -> done FLAGS | continue TOKEN | last TOKEN | refused MAJOR MINOR -
wrap TEXT, mic TEXT        -> token TOKEN
unwrap TOKEN               -> text TEXT
verify TEXT TOKEN          -> good
limit LENGTH               -> limit LENGTH
"""
import os
import signal
import sys

import gssapi.raw as gss

SPNEGO = gss.OID.from_int_seq("1.3.6.1.5.5.2")
KRB5 = gss.OID.from_int_seq("1.2.840.113554.1.2.2")


def hexadecimal(octets):
    return octets.hex() if octets else "-"


def octets(text):
    return b"" if text == "-" else bytes.fromhex(text)


class Peer:
    context = None
    name = None
    mech = None
    flags = None

    def accept(self, keytab, token):
        os.environ["KRB5_KTNAME"] = "FILE:" + keytab
        self.context = None
        return self.go_on(token)

    def go_on(self, token):
        result = gss.accept_sec_context(octets(token), context=self.context)
        self.context = result.context
        if result.more_steps:
            return "continue " + hexadecimal(result.token)
        service = gss.inquire_context(self.context, target_name=True).target_name
        names = [gss.display_name(name, name_type=False).name.decode() for name in (result.initiator_name, service)]
        return "accepted %s %s %d %s" % (*names, int(result.flags), hexadecimal(result.token))

    def init(self, ccache, name, flags, mech):
        os.environ["KRB5CCNAME"] = "FILE:" + ccache
        self.name = gss.import_name(name.encode(), gss.NameType.kerberos_principal)
        self.mech = SPNEGO if mech == "spnego" else KRB5
        self.flags = gss.IntEnumFlagSet(gss.RequirementFlag, int(flags))
        result = gss.init_sec_context(self.name, mech=self.mech, flags=self.flags)
        self.context = result.context
        return "token " + hexadecimal(result.token)

    def step(self, token):
        result = gss.init_sec_context(
            self.name, context=self.context, mech=self.mech, flags=self.flags, input_token=octets(token)
        )
        self.context = result.context
        if result.more_steps:
            return "continue " + hexadecimal(result.token)
        if result.token:
            return "last " + hexadecimal(result.token)
        return "done %d" % int(result.flags)

    def wrap(self, text):
        return "token " + hexadecimal(gss.wrap(self.context, octets(text), confidential=True).message)

    def unwrap(self, token):
        result = gss.unwrap(self.context, octets(token))
        assert result.encrypted
        return "text " + hexadecimal(result.message)

    def mic(self, text):
        return "token " + hexadecimal(gss.get_mic(self.context, octets(text)))

    def verify(self, text, token):
        gss.verify_mic(self.context, octets(text), octets(token))
        return "good"

    def limit(self, length):
        return "limit %d" % gss.wrap_size_limit(self.context, int(length), confidential=True)


# A test that hangs is worse than one that fails.
signal.alarm(120)
peer = Peer()
for line in sys.stdin:
    command, *arguments = line.split()
    try:
        answer = getattr(peer, command)(*arguments)
    except gss.GSSError as error:
        answer = "refused %d %d %s" % (error.maj_code, error.min_code, hexadecimal(error.token))
    print(answer, flush=True)
