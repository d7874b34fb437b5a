/* Bytes that grow up to a bound, and the callers' character sets.
 *
 * A character that the caller's set does not have is written as JSON writes any character: \uXXXX. So nothing is lost and nothing is
 * replaced by a question mark. Only strings of JSON hold such characters, so that an answer stays the same JSON.
 */
#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gbk_table.h" /* made by build.py: GBK_FIRST, GBK_LAST, GBK_TRAIL, GBK_TRAILS, gbk_table */

static uint16_t gbk_of[65536];
static int gbk_ready;
static lock gbk_lock = LOCK_NEW;

void wipe(void *bytes, size_t length) {
    volatile unsigned char *at = bytes;
    while (length--) *at++ = 0;
}

void text_new(text *t, size_t most) {
    memset(t, 0, sizeof *t);
    t->most = most;
}

void text_add(text *t, const void *bytes, size_t length) {
    if (t->failed) return;
    if (length > t->most || t->length > t->most - length) {
        t->failed = 1;
        return;
    }
    if (t->length + length + 1 > t->room) {
        size_t room = t->room ? t->room : 256;
        while (room < t->length + length + 1) room *= 2;
        char *grown = malloc(room);
        if (!grown) {
            t->failed = 1;
            return;
        }
        if (t->bytes) {
            memcpy(grown, t->bytes, t->length);
            wipe(t->bytes, t->room); /* keys and tokens pass through here */
            free(t->bytes);
        }
        t->bytes = grown;
        t->room = room;
    }
    if (length) memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
    t->bytes[t->length] = 0;
}

void text_say(text *t, const char *words) { text_add(t, words, strlen(words)); }

void text_drop(text *t, size_t from_start) {
    if (!from_start) return;
    memmove(t->bytes, t->bytes + from_start, t->length - from_start);
    t->length -= from_start;
    t->bytes[t->length] = 0;
}

void text_end(text *t) {
    if (t->bytes) {
        wipe(t->bytes, t->room);
        free(t->bytes);
    }
    text_new(t, t->most);
}

size_t utf8_take(const char *bytes, size_t length, uint32_t *character) {
    const unsigned char *b = (const unsigned char *)bytes;
    size_t more;
    uint32_t c, least;
    if (!length) return 0;
    if (b[0] < 0x80) {
        *character = b[0];
        return 1;
    }
    if (b[0] >= 0xC2 && b[0] <= 0xDF) more = 1, c = b[0] & 0x1F, least = 0x80;
    else if (b[0] >= 0xE0 && b[0] <= 0xEF) more = 2, c = b[0] & 0x0F, least = 0x800;
    else if (b[0] >= 0xF0 && b[0] <= 0xF4) more = 3, c = b[0] & 0x07, least = 0x10000;
    else return 0;
    if (length <= more) return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((b[i] & 0xC0) != 0x80) return 0;
        c = c << 6 | (b[i] & 0x3F);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
    *character = c;
    return more + 1;
}

void utf8_add(text *t, uint32_t c) {
    unsigned char b[4];
    size_t n;
    if (c < 0x80) b[0] = (unsigned char)c, n = 1;
    else if (c < 0x800) b[0] = (unsigned char)(0xC0 | c >> 6), n = 2;
    else if (c < 0x10000) b[0] = (unsigned char)(0xE0 | c >> 12), n = 3;
    else b[0] = (unsigned char)(0xF0 | c >> 18), n = 4;
    for (size_t i = 1; i < n; i++) b[i] = (unsigned char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3F));
    text_add(t, b, n);
}

static uint16_t gbk_decode(unsigned char lead, unsigned char trail) {
    if (lead < GBK_FIRST || lead > GBK_LAST || trail < GBK_TRAIL || trail >= GBK_TRAIL + GBK_TRAILS) return 0;
    return gbk_table[lead - GBK_FIRST][trail - GBK_TRAIL];
}

static void gbk_prepare(void) {
    lock_take(&gbk_lock);
    if (!gbk_ready) {
        for (int lead = GBK_LAST; lead >= GBK_FIRST; lead--)
            for (int trail = GBK_TRAIL + GBK_TRAILS - 1; trail >= GBK_TRAIL; trail--) {
                uint16_t c = gbk_decode((unsigned char)lead, (unsigned char)trail);
                if (c) gbk_of[c] = (uint16_t)(lead << 8 | trail);
            }
        gbk_ready = 1;
    }
    lock_give(&gbk_lock);
}

int text_from_caller(enum charset charset, const char *in, text *utf8) {
    size_t length = strlen(in);
    if (charset == CHARSET_UTF8) {
        text_add(utf8, in, length); /* the edge says what is wrong with it */
        return 0;
    }
    const unsigned char *at = (const unsigned char *)in;
    while (*at) {
        const unsigned char *plain = at;
        while (*at && *at < 0x80) at++;
        text_add(utf8, plain, (size_t)(at - plain));
        if (!*at) break;
        if (charset == CHARSET_ASCII) return -1;
        if (*at == 0x80) { /* what Windows calls GBK has the euro there */
            utf8_add(utf8, 0x20AC);
            at++;
            continue;
        }
        uint16_t c = gbk_decode(at[0], at[1]); /* at[1] is at worst the end, and that is no trail */
        if (!c) return -1;
        utf8_add(utf8, c);
        at += 2;
    }
    return 0;
}

static void escape(text *out, uint32_t c) {
    char said[16];
    if (c >= 0x10000) {
        c -= 0x10000;
        snprintf(said, sizeof said, "\\u%04x\\u%04x", (unsigned)(0xD800 | c >> 10), (unsigned)(0xDC00 | (c & 0x3FF)));
    } else
        snprintf(said, sizeof said, "\\u%04x", (unsigned)c);
    text_say(out, said);
}

int text_to_caller(enum charset charset, const char *utf8, size_t length, text *out) {
    if (charset == CHARSET_UTF8) {
        text_add(out, utf8, length);
        return 0;
    }
    if (charset == CHARSET_GBK) gbk_prepare();
    while (length) {
        size_t plain = 0;
        while (plain < length && (unsigned char)utf8[plain] < 0x80) plain++;
        text_add(out, utf8, plain);
        utf8 += plain, length -= plain;
        if (!length) break;
        uint32_t c;
        size_t taken = utf8_take(utf8, length, &c);
        if (!taken) return -1;
        uint16_t pair = charset == CHARSET_GBK && c < 0x10000 ? gbk_of[c] : 0;
        if (pair) {
            unsigned char b[2] = {(unsigned char)(pair >> 8), (unsigned char)pair};
            text_add(out, b, 2);
        } else
            escape(out, c);
        utf8 += taken, length -= taken;
    }
    return 0;
}
