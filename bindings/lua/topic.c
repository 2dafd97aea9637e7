/* SPDX-License-Identifier: MIT */
#include "topic.h"
#include "console.h"
#include "lua_tabor.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_COLUMNS 78

/* --------------------------------------------------------------- find -- */

/* Names are told apart by letters only: "engine.play" is "Engine:play". */
static int
is_name_of(const topic *t, const char *name, size_t length)
{
    size_t i = 0;
    for (; i < length && t->name[i]; i++) {
        const char one = t->name[i] == ':' ? '.' : t->name[i];
        const char two = name[i] == ':' ? '.' : name[i];
        if (tolower((unsigned char)one) != tolower((unsigned char)two)) {
            return 0;
        }
    }
    return i == length && t->name[i] == '\0';
}

const topic *
topic_find(const char *name, size_t length)
{
    for (const topic *t = topics; t->name; t++) {
        if (strlen(t->name) == length && memcmp(t->name, name, length) == 0) {
            return t;
        }
    }
    for (const topic *t = topics; t->name; t++) {
        if (is_name_of(t, name, length)) {
            return t;
        }
    }
    return NULL;
}

const topic *
topic_find_method(const char *name, size_t length)
{
    for (const topic *t = topics; t->name; t++) {
        const char *method = strchr(t->name, ':');
        if (method && strlen(method + 1) == length &&
            memcmp(method + 1, name, length) == 0) {
            return t;
        }
    }
    return NULL;
}

/* "a.b:name": the method of the object that a.b is. */
static const topic *
find_of_object(lua_State *L, const char *name)
{
    const char *last = strrchr(name, ':');
    const char *dot = strrchr(name, '.');
    last = last ? last : dot;
    names_push(L, name, last ? (size_t)(last - name) : strlen(name));
    const char *class = names_class(L, lua_gettop(L));
    lua_pop(L, 1);
    if (!class) {
        return NULL;
    }
    lua_pushfstring(L, "%s%s", class, last ? last : "");
    const topic *t = topic_find(lua_tostring(L, -1), lua_rawlen(L, -1));
    lua_pop(L, 1);
    return t;
}

/* Is the value at index 1 what the topic is about? */
static int
is_about(lua_State *L, const topic *t)
{
    const char *method = strchr(t->name, ':');
    if (method) {
        lua_pushfstring(L, "tabor.%s", t->name);
        luaL_getmetatable(L, luaL_gsub(L, lua_tostring(L, -1), method, ""));
        if (!lua_istable(L, -1)) {
            lua_settop(L, 1);
            return 0;
        }
        lua_getfield(L, -1, "__index");
        lua_getupvalue(L, -1, 1);
        lua_pushstring(L, method + 1);
        lua_rawget(L, -2);
    } else {
        names_push(L, t->name, strlen(t->name));
    }
    const int is = lua_rawequal(L, 1, -1);
    lua_settop(L, 1);
    return is;
}

static const topic *
find_of_value(lua_State *L)
{
    const char *class = names_class(L, 1);
    if (class) {
        return topic_find(class, strlen(class));
    }
    for (const topic *t = topics; t->name && !lua_isnil(L, 1); t++) {
        if (is_about(L, t)) {
            return t;
        }
    }
    return NULL;
}

/* -------------------------------------------------------------- print -- */

static void
print_rows(const char *text, const char *margin)
{
    FILE *f = screen_out();
    while (*text) {
        const size_t length = strcspn(text, "\n");
        fprintf(f, "%s%.*s\n", length ? margin : "", (int)length, text);
        text += length + (text[length] != '\0');
    }
}

/* The part of a member's name behind its class, or NULL. */
static const char *
member_of(const topic *t, const char *class)
{
    const size_t length = strlen(class);
    return strncmp(t->name, class, length) == 0 &&
                   (t->name[length] == '.' || t->name[length] == ':')
               ? t->name + length
               : NULL;
}

/* Names of a class's members, in rows. */
static void
print_members(const char *class)
{
    FILE *f = screen_out();
    size_t column = 0;
    for (const topic *t = topics; t->name; t++) {
        const char *name = member_of(t, class);
        const size_t length = name ? strlen(name) : 0;
        if (length == 0) {
            continue;
        }
        if (column > 0 && column + length + 2 > LINE_COLUMNS) {
            fputc('\n', f);
            column = 0;
        }
        fprintf(f, "  %s", name);
        column += length + 2;
    }
    fputs(column > 0 ? "\n" : "", f);
}

static void
print_options(const char *class)
{
    FILE *f = screen_out();
    if (*class) {
        fputs("\n  options:\n", f);
    }
    for (const topic *t = topics; *class && t->name; t++) {
        const char *name = member_of(t, class);
        if (name) {
            fprintf(f, "    %-12s %s\n", name + 1, t->text);
        }
    }
}

static void
print_topic(const topic *t)
{
    FILE *f = screen_out();
    fprintf(f, "%s\n", t->signature);
    print_rows(t->text, "  ");
    print_options(t->options);
    if (*t->example) {
        fputs("\n", f);
        print_rows(t->example, "    ");
    }
    print_members(t->name);
}

/* The names that need nothing before them, and what mentions a word. */
static void
print_overview(void)
{
    FILE *f = screen_out();
    for (const topic *t = topics; t->name; t++) {
        if (!strpbrk(t->name, ".:") && islower((unsigned char)*t->name)) {
            fprintf(f, "%-10s %.*s\n", t->name, (int)strcspn(t->text, "\n"),
                    t->text);
        }
    }
    fputs("\nhelp(x), or x? at the prompt, tells of each, and of what it "
          "has;\nhelp \"word\" finds what mentions it.\n",
          f);
}

static int
print_mentions(const char *word)
{
    int count = 0;
    for (const topic *t = topics; t->name; t++) {
        if (strstr(t->name, word) || strstr(t->text, word)) {
            fprintf(screen_out(), "%-20s %.*s\n", t->name,
                    (int)strcspn(t->text, "\n"), t->text);
            count++;
        }
    }
    return count;
}

/* --------------------------------------------------------------- help -- */

int
topic_help(lua_State *L)
{
    const topic *t;
    const char *name = NULL;
    if (lua_isnone(L, 1)) {
        print_overview();
        return 0;
    }
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        name = lua_tostring(L, 1);
        t = topic_find(name, strlen(name));
        t = t ? t : find_of_object(L, name);
        t = t ? t : topic_find_method(name, strlen(name));
    } else {
        t = find_of_value(L);
    }
    if (t) {
        print_topic(t);
    } else if (!name || !print_mentions(name)) {
        fprintf(screen_out(),
                "Nothing is known of %s; help() lists what there is.\n",
                name ? name : luaL_tolstring(L, 1, NULL));
    }
    return 0;
}

void
topic_rewrite_question(lua_State *L, int index)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:";
    const char *text = lua_tostring(L, index);
    const char *name = text + strspn(text, " ?");
    const size_t length = strspn(name, letters);
    const char *rest = name + length;
    const int has_mark =
        memchr(text, '?', (size_t)(name - text)) || *rest == '?';
    if (has_mark && rest[strspn(rest, " ?")] == '\0') {
        lua_pushlstring(L, name, length);
        lua_pushfstring(L, length > 0 ? "help \"%s\"" : "help()",
                        lua_tostring(L, -1));
        lua_replace(L, index);
        lua_pop(L, 1);
    }
}
