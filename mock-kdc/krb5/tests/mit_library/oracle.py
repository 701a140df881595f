"""What MIT's library makes of a krb5.conf and of what a KDC says, by way of its exported functions.

One question a line: a word, and arguments as hexadecimal octets. One answer a line: `!` where libkrb5 refuses.
"""

import ctypes
import os
import sys
import tempfile

lib = ctypes.CDLL("libkrb5.so.3")
pointer = ctypes.c_void_p
strings = ctypes.POINTER(ctypes.c_char_p)


class Data(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_int32), ("length", ctypes.c_uint), ("data", ctypes.c_char_p)]


def argtypes(name, *types):
    getattr(lib, name).argtypes = list(types)


argtypes("profile_init_path", ctypes.c_char_p, ctypes.POINTER(pointer))
argtypes("profile_release", pointer)
argtypes("profile_get_values", pointer, pointer, ctypes.POINTER(strings))
argtypes("profile_free_list", strings)
argtypes("krb5_init_context_profile", pointer, ctypes.c_int32, ctypes.POINTER(pointer))
argtypes("krb5_free_context", pointer)
argtypes("krb5_string_to_deltat", ctypes.c_char_p, ctypes.POINTER(ctypes.c_int32))
argtypes("krb5_get_permitted_enctypes", pointer, ctypes.POINTER(ctypes.POINTER(ctypes.c_int32)))
argtypes("krb5_free_enctypes", pointer, pointer)
argtypes("krb5_get_host_realm", pointer, ctypes.c_char_p, ctypes.POINTER(strings))
argtypes("krb5_free_host_realm", pointer, strings)
argtypes("krb5_c_string_to_key_with_params", pointer, ctypes.c_int32, pointer, pointer, pointer, pointer)
argtypes("krb5_free_keyblock_contents", pointer, pointer)
argtypes("krb5_appdefault_string", pointer, ctypes.c_char_p, ctypes.POINTER(Data), ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p))


def collected(array):
    found, index = [], 0
    while array[index] or isinstance(array[index], bytes):
        found.append(array[index])
        index += 1
    return found


class Profile:
    def __init__(self, text):
        self.text = text

    def __enter__(self):
        handle, self.path = tempfile.mkstemp()
        os.write(handle, self.text)
        os.close(handle)
        self.profile = pointer()
        self.refused = lib.profile_init_path(self.path.encode(), ctypes.byref(self.profile)) != 0
        return self

    def __exit__(self, *_):
        os.unlink(self.path)
        if not self.refused:
            lib.profile_release(self.profile)

    def values(self, path):
        names = path.split(b"/")
        array = (ctypes.c_char_p * (len(names) + 1))(*names, None)
        found = strings()
        if lib.profile_get_values(self.profile, array, ctypes.byref(found)) != 0:
            return "-"
        values = collected(found)
        lib.profile_free_list(found)
        return ",".join("=" + value.hex() for value in values)

    def context(self):
        context = pointer()
        return context if lib.krb5_init_context_profile(self.profile, 0, ctypes.byref(context)) == 0 else None


def profile(text, *paths):
    with Profile(text) as read:
        return "!" if read.refused else " ".join(read.values(path) for path in paths)


def span(text):
    seconds = ctypes.c_int32()
    refused = lib.krb5_string_to_deltat(text, ctypes.byref(seconds)) != 0
    return "!" if refused or seconds.value < 0 else str(seconds.value)


def with_context(text, ask):
    with Profile(text) as read:
        context = None if read.refused else read.context()
        if context is None:
            return "!"
        answer = ask(context)
        lib.krb5_free_context(context)
        return answer


def etypes(text):
    def ask(context):
        found = ctypes.POINTER(ctypes.c_int32)()
        if lib.krb5_get_permitted_enctypes(context, ctypes.byref(found)) != 0:
            return "!"
        numbers = collected(found)
        lib.krb5_free_enctypes(context, found)
        return ",".join(map(str, numbers))

    return with_context(text, ask)


def realm(text, host):
    def ask(context):
        found = strings()
        if lib.krb5_get_host_realm(context, host, ctypes.byref(found)) != 0:
            return "!"
        answer = collected(found)
        first = found[0]
        lib.krb5_free_host_realm(context, found)
        return "-" if not first else answer[0].hex()

    return with_context(text, ask)


def application(text, name, realm, option):
    def ask(context):
        found = ctypes.c_char_p()
        data = Data(0, len(realm), realm)
        lib.krb5_appdefault_string(context, name, ctypes.byref(data), option, b"", ctypes.byref(found))
        return "=" + found.value.hex()

    return with_context(text, ask)


class Keyblock(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_int32), ("enctype", ctypes.c_int32), ("length", ctypes.c_uint), ("contents", pointer)]


def string_to_key(etype, password, salt, parameters):
    """The key, of a password with the parameters that a KDC gave."""
    with Profile(b"") as read:
        context, key = read.context(), Keyblock()
        datas = [ctypes.byref(Data(0, len(value), value)) for value in (password, salt, parameters)]
        refused = lib.krb5_c_string_to_key_with_params(context, int(etype), *datas, ctypes.byref(key)) != 0
        answer = "!" if refused else ctypes.string_at(key.contents, key.length).hex()
        if not refused:
            lib.krb5_free_keyblock_contents(context, ctypes.byref(key))
        lib.krb5_free_context(context)
        return answer


ANSWERS = {"profile": profile, "span": span, "etypes": etypes, "realm": realm, "application": application, "s2k": string_to_key}

for line in sys.stdin:
    word, *arguments = line.split()
    print(ANSWERS[word](*[bytes.fromhex(argument[1:]) for argument in arguments]), flush=True)
