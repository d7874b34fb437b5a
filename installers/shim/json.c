/* Finds members of a JSON object without building anything; the edge is who judges JSON.
 *
 * What is malformed is not found. Names are compared as they are written: one with escapes in it is another name.
 */
#include "shim.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *at, *end;
} reader;

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n')) r->at++;
}

static int skip_string(reader *r) { /* at its first quote */
    if (r->at >= r->end || *r->at != '"') return 0;
    for (r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            r->at++;
            return 1;
        }
        if (*r->at == '\\') r->at++;
    }
    return 0;
}

static int skip_value(reader *r) {
    char open[JSON_DEPTH_MAX];
    size_t depth = 0;
    do {
        skip_space(r);
        if (r->at >= r->end) return 0;
        char c = *r->at;
        if (c == '"') {
            if (!skip_string(r)) return 0;
        } else if (c == '{' || c == '[') {
            if (depth == JSON_DEPTH_MAX) return 0;
            open[depth++] = c == '{' ? '}' : ']';
            r->at++;
            continue;
        } else if (c == '}' || c == ']') {
            if (!depth || open[depth - 1] != c) return 0;
            depth--;
            r->at++;
        } else if (c == ',' || c == ':') {
            if (!depth) return 0;
            r->at++;
            continue;
        } else {
            const char *from = r->at;
            while (r->at < r->end && !strchr(" \t\r\n,:{}[]\"", *r->at)) r->at++;
            if (r->at == from) return 0;
        }
    } while (depth);
    return 1;
}

int json_member(slice object, const char *name, slice *value) {
    reader r = {object.bytes, object.bytes + object.length};
    size_t wanted = strlen(name);
    int found = 0;
    if (object.length >= 3 && !memcmp(r.at, "\xEF\xBB\xBF", 3)) r.at += 3;
    skip_space(&r);
    if (r.at >= r.end || *r.at != '{') return 0;
    for (r.at++;;) {
        skip_space(&r);
        const char *key = r.at;
        if (!skip_string(&r)) return found;
        size_t length = (size_t)(r.at - key) - 2;
        skip_space(&r);
        if (r.at >= r.end || *r.at != ':') return found;
        r.at++;
        skip_space(&r);
        const char *from = r.at;
        if (!skip_value(&r)) return found;
        if (length == wanted && !memcmp(key + 1, name, wanted)) {
            value->bytes = from;
            value->length = (size_t)(r.at - from);
            found = 1;
        }
        skip_space(&r);
        if (r.at >= r.end || *r.at != ',') return found;
        r.at++;
    }
}

static int hex4(const char *at, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') digit = (uint32_t)(c - 'A' + 10);
        else return 0;
        *value = *value << 4 | digit;
    }
    return 1;
}

static const char *escaped(const char *at, const char *end, text *utf8) { /* at the letter after the backslash; NULL if wrong */
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *known = *at ? strchr(names, *at) : NULL;
    if (known) {
        text_add(utf8, meant + (known - names), 1);
        return at + 1;
    }
    uint32_t c, low;
    if (*at != 'u' || end - at < 5 || !hex4(at + 1, &c)) return NULL;
    at += 5;
    if (c >= 0xD800 && c <= 0xDBFF) {
        if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !hex4(at + 2, &low) || low < 0xDC00 || low > 0xDFFF) return NULL;
        c = 0x10000 + ((c - 0xD800) << 10 | (low - 0xDC00));
        at += 6;
    } else if (c >= 0xDC00 && c <= 0xDFFF)
        return NULL;
    utf8_add(utf8, c);
    return at;
}

int json_string(slice value, text *utf8) {
    if (value.length < 2 || value.bytes[0] != '"' || value.bytes[value.length - 1] != '"') return 0;
    const char *at = value.bytes + 1, *end = value.bytes + value.length - 1;
    while (at < end) {
        if (*at != '\\') {
            text_add(utf8, at++, 1);
            continue;
        }
        if (at + 1 >= end) return 0;
        at = escaped(at + 1, end, utf8);
        if (!at) return 0;
    }
    return !utf8->failed;
}

int json_number(slice value, long least, long most, long *number) {
    size_t at = 0;
    long found = 0;
    int below = value.length && value.bytes[0] == '-';
    at = (size_t)below;
    if (at == value.length || value.length - at > 9) return 0;
    for (; at < value.length; at++) {
        if (value.bytes[at] < '0' || value.bytes[at] > '9') return 0;
        found = found * 10 + (value.bytes[at] - '0');
    }
    found = below ? -found : found;
    if (found < least || found > most) return 0;
    *number = found;
    return 1;
}

void json_say(text *t, const char *words) {
    text_say(t, "\"");
    for (; *words; words++) {
        unsigned char c = (unsigned char)*words;
        char said[8];
        if (c == '"' || c == '\\') {
            text_say(t, "\\");
            text_add(t, words, 1);
        } else if (c < 0x20) {
            snprintf(said, sizeof said, "\\u%04x", c);
            text_say(t, said);
        } else
            text_add(t, words, 1);
    }
    text_say(t, "\"");
}
