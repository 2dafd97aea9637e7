/* SPDX-License-Identifier: MIT
 *
 * What a script has to say. A terminal takes orders in its text: to paste, to
 * rename its window, to answer as if the user had typed. From a script that is
 * not trusted, only text goes there.
 */
#include "console.h"

#include <lauxlib.h>

static int is_plain; /* let no order through */

void
output_plain(void)
{
    is_plain = 1;
}

/* C0 and DEL, and C1 as UTF-8 or as the bytes that old terminals take. */
static int
is_order(const char *text, size_t i)
{
    const unsigned char c = (unsigned char)text[i];
    const unsigned char before = i > 0 ? (unsigned char)text[i - 1] : 0;
    if (c < 0x80) {
        return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
    }
    return c < 0xa0 && (before < 0x80 || before == 0xc2);
}

void
output_text(FILE *f, const char *text, size_t length)
{
    size_t done = 0;
    for (size_t i = 0; is_plain && i < length; i++) {
        if (is_order(text, i)) {
            fwrite(text + done, 1, i - done, f);
            fprintf(f, "\\x%02x", (unsigned)(unsigned char)text[i]);
            done = i + 1;
        }
    }
    fwrite(text + done, 1, length - done, f);
}

int
output_values(lua_State *L)
{
    const int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        size_t length;
        const char *text = luaL_tolstring(L, i, &length);
        output_text(screen_out(), text, length);
        fputc(i < count ? '\t' : '\n', screen_out());
        lua_pop(L, 1);
    }
    if (count == 0) {
        fputc('\n', screen_out());
    }
    fflush(screen_out());
    return 0;
}
