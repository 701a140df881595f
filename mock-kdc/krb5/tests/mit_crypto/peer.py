"""MIT's libkrb5 by way of ctypes, for tests: a command by line, octets in hexadecimal, "-" for none.

It ends with its standard input, or after two minutes.
"""

import signal
import sys
from ctypes import (CDLL, POINTER, Structure, byref, c_int32, c_size_t, c_ubyte, c_uint, c_void_p, cast,
                    create_string_buffer)

signal.alarm(120)


class Data(Structure):
    _fields_ = [("magic", c_int32), ("length", c_uint), ("data", c_void_p)]


class Keyblock(Structure):
    _fields_ = [("magic", c_int32), ("enctype", c_int32), ("length", c_uint), ("contents", c_void_p)]


class EncData(Structure):
    _fields_ = [("magic", c_int32), ("enctype", c_int32), ("kvno", c_uint), ("ciphertext", Data)]


class Checksum(Structure):
    _fields_ = [("magic", c_int32), ("type", c_int32), ("length", c_uint), ("contents", c_void_p)]


krb5 = CDLL("libkrb5.so.3")
crypto = CDLL("libk5crypto.so.3")
context = c_void_p()
assert krb5.krb5_init_context(byref(context)) == 0


class Failure(Exception):
    pass


def check(code):
    if code != 0:
        raise Failure(str(code + 1765328384))


def octets(text):
    return b"" if text == "-" else bytes.fromhex(text)


def hexadecimal(data):
    return data.hex() or "-"


def data(content):
    buffer = create_string_buffer(content, len(content) or 1)
    result = Data(0, len(content), cast(buffer, c_void_p))
    result.keep = buffer
    return result


def key(etype, text):
    content = octets(text)
    buffer = create_string_buffer(content, len(content))
    result = Keyblock(0, int(etype), len(content), cast(buffer, c_void_p))
    result.keep = buffer
    return result


def content_of(pointer, length):
    return bytes(cast(pointer, POINTER(c_ubyte))[:length])


def encrypt(etype, key_text, usage, plain):
    plain, length = data(octets(plain)), c_size_t()
    check(crypto.krb5_c_encrypt_length(context, c_int32(int(etype)), c_size_t(plain.length), byref(length)))
    cipher = data(bytes(length.value))
    out = EncData(0, 0, 0, cipher)
    check(crypto.krb5_c_encrypt(context, byref(key(etype, key_text)), c_int32(int(usage)), None, byref(plain), byref(out)))
    return content_of(out.ciphertext.data, out.ciphertext.length)


def decrypt(etype, key_text, usage, cipher):
    cipher = data(octets(cipher))
    sealed = EncData(0, int(etype), 0, cipher)
    plain = data(bytes(cipher.length))
    check(crypto.krb5_c_decrypt(context, byref(key(etype, key_text)), c_int32(int(usage)), None, byref(sealed), byref(plain)))
    return content_of(plain.data, plain.length)


def checksum(kind, etype, key_text, usage, text):
    out = Checksum()
    check(crypto.krb5_c_make_checksum(context, c_int32(int(kind)), byref(key(etype, key_text)), c_int32(int(usage)),
                                      byref(data(octets(text))), byref(out)))
    return content_of(out.contents, out.length)


def string_to_key(etype, password, salt, parameters):
    out = Keyblock()
    given = None if parameters == "none" else byref(data(octets(parameters)))
    check(crypto.krb5_c_string_to_key_with_params(context, c_int32(int(etype)), byref(data(octets(password))),
                                                  byref(data(octets(salt))), given, byref(out)))
    return content_of(out.contents, out.length)


def prf(etype, key_text, text):
    length = c_size_t()
    check(crypto.krb5_c_prf_length(context, c_int32(int(etype)), byref(length)))
    out = data(bytes(length.value))
    check(crypto.krb5_c_prf(context, byref(key(etype, key_text)), byref(data(octets(text))), byref(out)))
    return content_of(out.data, out.length)


def pac_types(pac):
    """The types of a PAC's buffers, each as four octets."""
    length, types = c_size_t(), POINTER(c_uint)()
    check(krb5.krb5_pac_get_types(context, pac, byref(length), byref(types)))
    return b"".join(types[index].to_bytes(4, "big") for index in range(length.value))


def pac_parsed(text):
    content, pac = octets(text), c_void_p()
    check(krb5.krb5_pac_parse(context, content, c_size_t(len(content)), byref(pac)))
    return pac


def pac_parse(text):
    return pac_types(pac_parsed(text))


def pac_buffer(text, kind):
    out = Data()
    check(krb5.krb5_pac_get_buffer(context, pac_parsed(text), c_uint(int(kind)), byref(out)))
    return content_of(out.data, out.length)


def pac_verify(text, authtime, principal, server_etype, server_key, kdc_etype, kdc_key):
    """Verifies the server's and, unless "none", the KDC's checksum, and the client's name and time."""
    name = c_void_p()
    check(krb5.krb5_parse_name(context, principal.encode(), byref(name)))
    kdc = None if kdc_etype == "none" else byref(key(kdc_etype, kdc_key))
    check(krb5.krb5_pac_verify(context, pac_parsed(text), c_int32(int(authtime)), name,
                               byref(key(server_etype, server_key)), kdc))
    return b""


def pac_sign(text, authtime, principal, server_etype, server_key, kdc_etype, kdc_key):
    """Adds client info and both checksums."""
    name, out = c_void_p(), Data()
    check(krb5.krb5_parse_name(context, principal.encode(), byref(name)))
    check(krb5.krb5_pac_sign(context, pac_parsed(text), c_int32(int(authtime)), name,
                             byref(key(server_etype, server_key)), byref(key(kdc_etype, kdc_key)), byref(out)))
    return content_of(out.data, out.length)


COMMANDS = [encrypt, decrypt, checksum, string_to_key, prf, pac_parse, pac_buffer, pac_verify, pac_sign]

for line in sys.stdin:
    name, *arguments = line.split()
    command = next(command for command in COMMANDS if command.__name__ == name)
    try:
        answer = "done " + hexadecimal(command(*arguments))
    except Failure as failure:
        answer = f"refused {failure}"
    print(answer, flush=True)
