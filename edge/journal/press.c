/* A commit of the event loop: from records, or from drafts of plain new transactions, to the frame that goes on the slate.

   `frame` makes the very bytes that records.py, sealing.py and frames.py make, which stay what is read and what tests hold this against: of each draft a record in
   MessagePack, of each record its salted leaf, the chain's link, the content sealed with AES-256-GCM, the frame and its checksums. `told` makes what memory keeps of
   drafts and what their callers are told, while the disk has the frame. Neither gives the interpreter up: they take microseconds, and to have it back takes longer.

   What is not plain (text that is no UTF-8, an instant that is not in UTC or before 1970, a number that the catalogue does not have) and what has no room
   is left to the scribe: `None`, and nobody has seen anything. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <datetime.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

enum { NONCE = 12, SALT = 16, LINK = 32, LEAF = 32, TAG = 16, KEY = 32, HEADER = 24, HEAD = 48, BLOCK = 4096, SAFE = HEAD + NONCE + LINK };
enum { INSTITUTION, MSGID, NUMBER, DIGEST, PACKET, HID, LANE, OPERATOR, WORKSTATION, RECORDED_AT, BUSINESS_DAY, CARD_READ, FIELDS };
enum { DAY_CHARACTERS = 10 };

static const char *const NAMES[FIELDS] = {
    "institution", "msgid", "number", "digest", "packet", "hid", "lane", "operator", "workstation", "recorded_at", "business_day", "card_read",
};

typedef struct {
    PyObject_HEAD
    PyObject *entry, *standing, *appended, *born;       /* types, and how a number is born */
    PyObject *names[FIELDS];
    PyObject *entry_names, *standing_names, *appended_names; /* of their keywords */
    EVP_MD *sha;
    EVP_CIPHER *gcm;
    EVP_MD_CTX *hash;
    EVP_CIPHER_CTX *cipher;
    uint8_t *plain;
    size_t plain_max;
} Press;

typedef struct {
    const uint8_t *at;
    size_t bytes;
} Piece;

/* -- MessagePack ------------------------------------------------------------------------------------------------- */

static uint8_t *big(uint8_t *to, uint64_t value, int bytes) {
    for (int left = bytes; left-- > 0; value >>= 8)
        to[left] = (uint8_t)value;
    return to + bytes;
}

static size_t text_head(size_t bytes) { return bytes < 32 ? 1 : bytes < 256 ? 2 : bytes < 65536 ? 3 : 5; }

static uint8_t *put_text(uint8_t *to, Piece text) {
    if (text.bytes < 32)
        *to++ = (uint8_t)(0xa0 | text.bytes);
    else if (text.bytes < 256)
        *to++ = 0xd9, *to++ = (uint8_t)text.bytes;
    else if (text.bytes < 65536)
        *to++ = 0xda, to = big(to, text.bytes, 2);
    else
        *to++ = 0xdb, to = big(to, text.bytes, 4);
    memcpy(to, text.at, text.bytes);
    return to + text.bytes;
}

static size_t bytes_head(size_t bytes) { return bytes < 256 ? 2 : bytes < 65536 ? 3 : 5; }

static uint8_t *put_bytes_head(uint8_t *to, size_t bytes) {
    if (bytes < 256) {
        *to++ = 0xc4;
        return big(to, bytes, 1);
    }
    if (bytes < 65536) {
        *to++ = 0xc5;
        return big(to, bytes, 2);
    }
    *to++ = 0xc6;
    return big(to, bytes, 4);
}

static uint8_t *put_bytes(uint8_t *to, Piece value) {
    to = put_bytes_head(to, value.bytes);
    memcpy(to, value.at, value.bytes);
    return to + value.bytes;
}

static size_t array_head(size_t count) { return count < 16 ? 1 : count < 65536 ? 3 : 5; }

static uint8_t *put_array_head(uint8_t *to, size_t count) {
    if (count < 16) {
        *to++ = (uint8_t)(0x90 | count);
        return to;
    }
    if (count < 65536) {
        *to++ = 0xdc;
        return big(to, count, 2);
    }
    *to++ = 0xdd;
    return big(to, count, 4);
}

static size_t natural_size(uint64_t value) { return value < 128 ? 1 : value < 256 ? 2 : value < 65536 ? 3 : value <= UINT32_MAX ? 5 : 9; }

static uint8_t *put_natural(uint8_t *to, uint64_t value) {
    switch (natural_size(value)) {
    case 1: *to++ = (uint8_t)value; return to;
    case 2: *to++ = 0xcc; return big(to, value, 1);
    case 3: *to++ = 0xcd; return big(to, value, 2);
    case 5: *to++ = 0xce; return big(to, value, 4);
    default: *to++ = 0xcf; return big(to, value, 8);
    }
}

/* -- one record -------------------------------------------------------------------------------------------------- */

static const int TEXTS[] = {INSTITUTION, MSGID, NUMBER, HID, LANE, OPERATOR, WORKSTATION, CARD_READ};
enum { ARRAY_OF_16 = 3, TAG_OF_ENTRY = 1, NO_LEASE = 1, NO_STOPS = 1, NOT_REFUSED = 1 };

/* The days since 1970 of a day of the Gregorian calendar, the year at least 1. */
static int64_t days_since_epoch(int year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Microseconds since 1970; -1: not an instant in UTC, or one before that. */
static int64_t micros(PyObject *instant) {
    if (!PyDateTime_CheckExact(instant) || PyDateTime_DATE_GET_TZINFO(instant) != PyDateTime_TimeZone_UTC)
        return -1;
    int64_t days = days_since_epoch(PyDateTime_GET_YEAR(instant), PyDateTime_GET_MONTH(instant), PyDateTime_GET_DAY(instant));
    int64_t seconds = days * 86400 + PyDateTime_DATE_GET_HOUR(instant) * 3600 + PyDateTime_DATE_GET_MINUTE(instant) * 60 + PyDateTime_DATE_GET_SECOND(instant);
    int64_t found = seconds * 1000000 + PyDateTime_DATE_GET_MICROSECOND(instant);
    return found < 0 ? -1 : found;
}

static void day_text(PyObject *day, char *to) {
    int year = PyDateTime_GET_YEAR(day), month = PyDateTime_GET_MONTH(day), of_month = PyDateTime_GET_DAY(day);
    const int digits[DAY_CHARACTERS] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10, -1, month / 10, month % 10, -1, of_month / 10, of_month % 10};
    for (int at = 0; at < DAY_CHARACTERS; at++)
        to[at] = digits[at] < 0 ? '-' : (char)('0' + digits[at]);
}

typedef struct {
    PyObject *values[FIELDS]; /* owned, as the draft has them */
    Piece pieces[FIELDS];     /* what stands in them; of recorded_at nothing */
    char day[DAY_CHARACTERS];
    uint64_t micros;
    const uint8_t *record; /* of one that was made before; else NULL */
    size_t size;           /* of its record */
} Item;

static void let_go(Item *item) {
    for (int field = 0; field < FIELDS; field++)
        Py_CLEAR(item->values[field]);
}

/* 1: read; 0: not plain; -1: an error is set. What was read is let go of by the caller in any case. */
static int read_draft(Press *press, PyObject *draft, Item *item) {
    memset(item, 0, sizeof *item);
    for (int field = 0; field < FIELDS; field++)
        if (!(item->values[field] = PyObject_GetAttr(draft, press->names[field])))
            return -1;
    for (size_t at = 0; at < sizeof TEXTS / sizeof *TEXTS; at++) {
        Piece *piece = &item->pieces[TEXTS[at]];
        PyObject *text = item->values[TEXTS[at]];
        Py_ssize_t bytes;
        if (!PyUnicode_CheckExact(text))
            return 0;
        piece->at = (const uint8_t *)PyUnicode_AsUTF8AndSize(text, &bytes);
        if (!piece->at) {
            PyErr_Clear(); /* half of a pair of surrogates: the other way tells its fault */
            return 0;
        }
        piece->bytes = (size_t)bytes;
        item->size += text_head(piece->bytes) + piece->bytes;
    }
    for (int field = DIGEST; field <= PACKET; field++) {
        PyObject *value = item->values[field];
        if (!PyBytes_CheckExact(value))
            return 0;
        item->pieces[field] = (Piece){(const uint8_t *)PyBytes_AS_STRING(value), (size_t)PyBytes_GET_SIZE(value)};
        item->size += bytes_head(item->pieces[field].bytes) + item->pieces[field].bytes;
    }
    int64_t instant = micros(item->values[RECORDED_AT]);
    if (instant < 0 || !PyDate_CheckExact(item->values[BUSINESS_DAY]))
        return 0;
    item->micros = (uint64_t)instant;
    day_text(item->values[BUSINESS_DAY], item->day);
    item->pieces[BUSINESS_DAY] = (Piece){(const uint8_t *)item->day, DAY_CHARACTERS};
    item->size += ARRAY_OF_16 + TAG_OF_ENTRY + natural_size(item->micros) + text_head(DAY_CHARACTERS) + DAY_CHARACTERS + NO_LEASE + NO_STOPS + NOT_REFUSED;
    return PyDict_Contains(press->born, item->values[NUMBER]);
}

/* The same of what is a record already, too. */
static int read_one(Press *press, PyObject *one, Item *item) {
    if (!PyBytes_CheckExact(one))
        return read_draft(press, one, item);
    memset(item, 0, sizeof *item);
    item->values[0] = Py_NewRef(one);
    item->record = (const uint8_t *)PyBytes_AS_STRING(one);
    item->size = (size_t)PyBytes_GET_SIZE(one);
    return 1;
}

static uint8_t *put_record(uint8_t *to, const Item *item) {
    const Piece *pieces = item->pieces;
    if (item->record) {
        memcpy(to, item->record, item->size);
        return to + item->size;
    }
    to = put_array_head(to, 16);
    *to++ = 1; /* the tag of records.Entry */
    for (int field = INSTITUTION; field <= NUMBER; field++)
        to = put_text(to, pieces[field]);
    to = put_bytes(to, pieces[DIGEST]);
    to = put_bytes(to, pieces[PACKET]);
    for (int field = HID; field <= WORKSTATION; field++)
        to = put_text(to, pieces[field]);
    to = put_natural(to, item->micros);
    to = put_text(to, pieces[BUSINESS_DAY]);
    *to++ = 0xc0; /* lease: none */
    *to++ = 0xa0; /* stops: nothing */
    *to++ = 0xa0; /* refused: no */
    return put_text(to, pieces[CARD_READ]);
}

/* -- hashing and sealing ----------------------------------------------------------------------------------------- */

static int hashed(Press *press, uint8_t *to, const Piece *pieces, int count) {
    int fine = EVP_DigestInit_ex(press->hash, press->sha, NULL);
    for (int at = 0; fine && at < count; at++)
        fine = EVP_DigestUpdate(press->hash, pieces[at].at, pieces[at].bytes);
    return fine && EVP_DigestFinal_ex(press->hash, to, NULL);
}

static int sealed(Press *press, uint8_t *to, const uint8_t *key, const uint8_t *nonce, const uint8_t *header, Piece plain) {
    int done, rest;
    return EVP_EncryptInit_ex(press->cipher, press->gcm, NULL, key, nonce) && EVP_EncryptUpdate(press->cipher, NULL, &done, header, HEADER) &&
           EVP_EncryptUpdate(press->cipher, to, &done, plain.at, (int)plain.bytes) && EVP_EncryptFinal_ex(press->cipher, to + done, &rest) &&
           EVP_CIPHER_CTX_ctrl(press->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, to + plain.bytes);
}

/* -- what is told ------------------------------------------------------------------------------------------------ */

static PyObject *entry_of(Press *press, const Item *item) {
    PyObject *given[FIELDS], *made = NULL;
    memcpy(given, item->values, sizeof given);
    given[RECORDED_AT] = PyLong_FromUnsignedLongLong(item->micros);
    given[BUSINESS_DAY] = PyUnicode_FromStringAndSize(item->day, DAY_CHARACTERS);
    if (given[RECORDED_AT] && given[BUSINESS_DAY])
        made = PyObject_Vectorcall(press->entry, given, 0, press->entry_names);
    Py_XDECREF(given[RECORDED_AT]);
    Py_XDECREF(given[BUSINESS_DAY]);
    return made;
}

static PyObject *appended_of(Press *press, const Item *item, uint64_t seq) {
    PyObject *const *v = item->values;
    PyObject *number = PyLong_FromUnsignedLongLong(seq), *size = PyLong_FromSize_t(item->pieces[PACKET].bytes), *standing = NULL, *made = NULL;
    PyObject *outcome = PyDict_GetItemWithError(press->born, v[NUMBER]);
    if (number && size && outcome) {
        PyObject *const stands[] = {number, v[INSTITUTION], v[MSGID], v[NUMBER], v[DIGEST], v[HID], v[LANE], v[RECORDED_AT], outcome};
        standing = PyObject_Vectorcall(press->standing, stands, 0, press->standing_names);
    }
    if (standing) {
        PyObject *const given[] = {standing, Py_True, size};
        made = PyObject_Vectorcall(press->appended, given, 0, press->appended_names);
    }
    Py_XDECREF(number);
    Py_XDECREF(size);
    Py_XDECREF(standing);
    return made;
}

/* -- the calls --------------------------------------------------------------------------------------------------- */

static int room(Press *press, size_t bytes) {
    if (bytes <= press->plain_max)
        return 1;
    uint8_t *larger = PyMem_Realloc(press->plain, bytes);
    if (!larger) {
        PyErr_NoMemory();
        return 0;
    }
    press->plain = larger;
    press->plain_max = bytes;
    return 1;
}

static PyObject *wrong(const char *why) {
    PyErr_SetString(PyExc_ValueError, why);
    return NULL;
}

/* OpenSSL does not do it. Its own word on that would else be taken for one on the next connection. */
static void refused(const char *why) {
    ERR_clear_error();
    PyErr_SetString(PyExc_RuntimeError, why);
}

PyDoc_STRVAR(frame_doc,
"frame(given, first, at, key_number, key, link, slate, noise, into)\n--\n\n"
"Write the frame of ``given``, each a draft or a record's bytes, as the records ``first`` and on into ``into``; ``noise``: the nonce, and a salt for each, random.\n"
"(the frame's bytes, the link, the sealed body), or ``None``.");

static PyObject *frame(Press *press, PyObject *const *args, Py_ssize_t nargs) {
    if (nargs != 9 || !PyTuple_CheckExact(args[0]) || !press->cipher)
        return wrong("nine arguments, the first a tuple");
    Py_ssize_t count = PyTuple_GET_SIZE(args[0]), built = 0, read = 0;
    uint64_t first = PyLong_AsUnsignedLongLong(args[1]), at = PyLong_AsUnsignedLongLong(args[2]), id = PyLong_AsUnsignedLongLong(args[6]);
    unsigned long key_number = PyLong_AsUnsignedLong(args[3]);
    if (PyErr_Occurred())
        return NULL;
    if (!count || key_number > UINT32_MAX)
        return wrong("nothing, or a key's number of more than 32 bits");
    for (int place = 4; place <= 7; place += place == 5 ? 2 : 1)
        if (!PyBytes_CheckExact(args[place]))
            return wrong("key, link and noise are bytes");
    const uint8_t *key = (uint8_t *)PyBytes_AS_STRING(args[4]), *link = (uint8_t *)PyBytes_AS_STRING(args[5]), *noise = (uint8_t *)PyBytes_AS_STRING(args[7]);
    size_t salts = (size_t)count * SALT;
    if (PyBytes_GET_SIZE(args[4]) != KEY || PyBytes_GET_SIZE(args[5]) != LINK || (size_t)PyBytes_GET_SIZE(args[7]) != NONCE + salts)
        return wrong("a key, a link or a noise of another length");

    Py_buffer into;
    if (PyObject_GetBuffer(args[8], &into, PyBUF_WRITABLE))
        return NULL;
    if (into.len > INT_MAX) {
        PyBuffer_Release(&into);
        return wrong("more room than OpenSSL can count");
    }
    PyObject *result = NULL, *body = NULL, *given = args[0];
    Item *items = PyMem_Calloc((size_t)count, sizeof *items);
    uint8_t *leaves = PyMem_Malloc((size_t)count * LEAF);
    if (!items || !leaves) {
        PyErr_NoMemory();
        goto out;
    }
    size_t bytes = 1 + bytes_head(salts) + salts + array_head((size_t)count);
    for (; read < count; read++) {
        int plain = read_one(press, PyTuple_GET_ITEM(given, read), &items[read]);
        if (plain < 1) {
            let_go(&items[read]);
            if (!plain)
                result = Py_NewRef(Py_None);
            goto out;
        }
        bytes += bytes_head(items[read].size) + items[read].size;
    }
    size_t whole = SAFE + bytes + TAG, blocks = (whole + BLOCK - 1) / BLOCK * BLOCK;
    if (blocks > (size_t)into.len) {
        result = Py_NewRef(Py_None);
        goto out;
    }
    if (!room(press, bytes))
        goto out;

    const uint8_t zero = 0, one = 1;
    uint8_t header[HEADER], *to = press->plain;
    *to++ = 0x92;
    to = put_bytes(to, (Piece){noise + NONCE, salts});
    to = put_array_head(to, (size_t)count);
    for (; built < count; built++) {
        Item *item = &items[built];
        to = put_bytes_head(to, item->size);
        const Piece parts[] = {{&zero, 1}, {noise + NONCE + built * SALT, SALT}, {to, item->size}};
        to = put_record(to, item);
        if (!hashed(press, leaves + built * LEAF, parts, 3)) {
            refused("no SHA-256");
            goto out;
        }
    }
    if ((size_t)(to - press->plain) != bytes) {
        wrong("a record of another length than was reckoned");
        goto out;
    }
    big(big(big(big(header, first, 8), (uint64_t)count, 4), at, 8), key_number, 4);
    uint8_t digest[LINK], after[LINK], *out = into.buf;
    const Piece all = {leaves, (size_t)count * LEAF}, chained[] = {{&one, 1}, {link, LINK}, {header, HEADER}, {digest, LINK}};
    if (!hashed(press, digest, &all, 1) || !hashed(press, after, chained, 4)) {
        refused("no SHA-256");
        goto out;
    }
    if (!(body = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(bytes + TAG))))
        goto out;
    uint8_t *secret = (uint8_t *)PyBytes_AS_STRING(body);
    if (!sealed(press, secret, key, noise, header, (Piece){press->plain, bytes})) {
        refused("no AES-256-GCM");
        goto out;
    }
    memcpy(out + HEAD, noise, NONCE);
    memcpy(out + HEAD + NONCE, after, LINK);
    memcpy(out + SAFE, secret, bytes + TAG);
    memset(out + whole, 0, blocks - whole);
    uint32_t crc = libdeflate_crc32(0, out + HEAD, whole - HEAD);
    memcpy(out, "PSKF", 4);
    uint8_t *head = big(out + 4, id, 8);
    memcpy(head, header, HEADER);
    head = big(big(head + HEADER, bytes + TAG, 4), crc, 4);
    big(head, libdeflate_crc32(0, out, (size_t)(head - out)), 4);
    result = Py_BuildValue("ny#O", (Py_ssize_t)blocks, (char *)after, (Py_ssize_t)LINK, body);
out:
    for (Py_ssize_t item = 0; items && item < read; item++)
        let_go(&items[item]);
    PyMem_Free(items);
    PyMem_Free(leaves);
    Py_XDECREF(body);
    PyBuffer_Release(&into);
    return result;
}

PyDoc_STRVAR(told_doc,
"told(drafts, first)\n--\n\n"
"What memory keeps of the records ``first`` and on that :meth:`frame` made of ``drafts``, and what their callers are told: two lists.");

static PyObject *told(Press *press, PyObject *const *args, Py_ssize_t nargs) {
    if (nargs != 2 || !PyTuple_CheckExact(args[0]) || !press->cipher)
        return wrong("two arguments, the first a tuple");
    unsigned long long first = PyLong_AsUnsignedLongLong(args[1]);
    if (PyErr_Occurred())
        return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(args[0]);
    PyObject *entries = PyList_New(count), *appended = PyList_New(count);
    Item item;
    for (Py_ssize_t at = 0; entries && appended && at < count; at++) {
        int plain = read_draft(press, PyTuple_GET_ITEM(args[0], at), &item);
        if (!plain)
            wrong("a draft that has no frame");
        PyObject *entry = plain == 1 ? entry_of(press, &item) : NULL, *one = entry ? appended_of(press, &item, first + (uint64_t)at) : NULL;
        let_go(&item);
        if (entry)
            PyList_SET_ITEM(entries, at, entry);
        if (one)
            PyList_SET_ITEM(appended, at, one);
        else
            Py_CLEAR(entries);
    }
    if (entries && appended)
        return Py_BuildValue("NN", entries, appended);
    Py_XDECREF(entries);
    Py_XDECREF(appended);
    return NULL;
}

/* -- the type ---------------------------------------------------------------------------------------------------- */

static PyObject *name_tuple(const char *const *names, int count) {
    PyObject *made = PyTuple_New(count);
    for (int at = 0; made && at < count; at++) {
        PyObject *name = PyUnicode_InternFromString(names[at]);
        if (!name)
            Py_CLEAR(made);
        else
            PyTuple_SET_ITEM(made, at, name);
    }
    return made;
}

static int press_init(Press *press, PyObject *args, PyObject *keywords) {
    static const char *const stands[] = {"seq", "institution", "msgid", "number", "digest", "hid", "lane", "recorded_at", "outcome"};
    static const char *const appends[] = {"standing", "fresh", "size"};
    static char *given[] = {"entry", "standing", "appended", "born", NULL};
    PyObject *entry, *standing, *appended, *born;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOOO!", given, &entry, &standing, &appended, &PyDict_Type, &born))
        return -1;
    if (press->entry)
        return wrong("made once"), -1;
    press->entry = Py_NewRef(entry);
    press->standing = Py_NewRef(standing);
    press->appended = Py_NewRef(appended);
    press->born = Py_NewRef(born);
    for (int field = 0; field < FIELDS; field++)
        if (!(press->names[field] = PyUnicode_InternFromString(NAMES[field])))
            return -1;
    press->entry_names = name_tuple(NAMES, FIELDS);
    press->standing_names = name_tuple(stands, 9);
    press->appended_names = name_tuple(appends, 3);
    if (!press->entry_names || !press->standing_names || !press->appended_names)
        return -1;
    press->sha = EVP_MD_fetch(NULL, "SHA256", NULL);
    press->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    press->hash = EVP_MD_CTX_new();
    press->cipher = EVP_CIPHER_CTX_new();
    if (!press->sha || !press->gcm || !press->hash || !press->cipher)
        return refused("OpenSSL has no SHA-256 or AES-256-GCM"), -1;
    return 0;
}

static void press_dealloc(Press *press) {
    PyTypeObject *type = Py_TYPE(press);
    Py_XDECREF(press->entry);
    Py_XDECREF(press->standing);
    Py_XDECREF(press->appended);
    Py_XDECREF(press->born);
    for (int field = 0; field < FIELDS; field++)
        Py_XDECREF(press->names[field]);
    Py_XDECREF(press->entry_names);
    Py_XDECREF(press->standing_names);
    Py_XDECREF(press->appended_names);
    EVP_MD_free(press->sha);
    EVP_CIPHER_free(press->gcm);
    EVP_MD_CTX_free(press->hash);
    EVP_CIPHER_CTX_free(press->cipher);
    if (press->plain)
        memset(press->plain, 0, press->plain_max);
    PyMem_Free(press->plain);
    type->tp_free((PyObject *)press);
    Py_DECREF(type);
}

static PyMethodDef press_methods[] = {
    {"frame", (PyCFunction)(void (*)(void))frame, METH_FASTCALL, frame_doc},
    {"told", (PyCFunction)(void (*)(void))told, METH_FASTCALL, told_doc},
    {0},
};

static PyType_Slot press_slots[] = {
    {Py_tp_doc, "Press(entry, standing, appended, born)\n--\n\nMakes frames of drafts and records; of one thread at a time."},
    {Py_tp_new, PyType_GenericNew},
    {Py_tp_init, press_init},
    {Py_tp_dealloc, press_dealloc},
    {Py_tp_methods, press_methods},
    {0},
};

static PyType_Spec press_spec = {"edge.journal._press.Press", sizeof(Press), 0, Py_TPFLAGS_DEFAULT, press_slots};

static int press_exec(PyObject *module) {
    PyDateTime_IMPORT;
    if (!PyDateTimeAPI)
        return -1;
    PyObject *type = PyType_FromModuleAndSpec(module, &press_spec, NULL);
    if (!type)
        return -1;
    int failed = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return failed ? failed : PyModule_AddStringConstant(module, "LIBDEFLATE", LIBDEFLATE_VERSION_STRING);
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, press_exec}, {0}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_press", "Frames of commits, in native code.", 0, NULL, module_slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__press(void) { return PyModuleDef_Init(&module); }
