/* SPDX-License-Identifier: MIT
 *
 * Tab. Where the cursor is says what may follow (context.c); that is gathered
 * in a table of Lua's, by raw accesses, with the collector stopped: no code of
 * the user's runs, not even a finalizer.
 */
#include "console.h"
#include "context.h"
#include "lua_tabor.h"
#include "topic.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_BEHIND  10  /* tables behind tables */
#define MOST_SHOWN   200 /* names */
#define LINE_COLUMNS 78

/* What is gathered: a set on the stack, name -> what is typed behind it. */
typedef struct gathering {
    const context *context;
    int set; /* its index */
} gathering;

static void
add(lua_State *L, const gathering *g, const char *name, const char *behind)
{
    const span *word = &g->context->word;
    if (strncmp(name, word->start, word->length) == 0) {
        lua_pushstring(L, behind);
        lua_setfield(L, g->set, name);
    }
}

/* -------------------------------------------------------------- names -- */

static int
is_identifier(const char *name)
{
    if (isdigit((unsigned char)*name)) {
        return 0;
    }
    while (isalnum((unsigned char)*name) || *name == '_') {
        name++;
    }
    return *name == '\0';
}

/* The names in the table on top, and behind it; pops it. */
static void /* NOLINTNEXTLINE(misc-no-recursion): so deep, no deeper */
add_table(lua_State *L, const gathering *g, int depth)
{
    const int table = lua_gettop(L);
    lua_pushnil(L);
    while (lua_istable(L, table) && lua_next(L, table)) {
        const int fits = !g->context->is_call || lua_isfunction(L, -1);
        lua_pop(L, 1);
        if (fits && lua_type(L, -1) == LUA_TSTRING &&
            is_identifier(lua_tostring(L, -1))) {
            add(L, g, lua_tostring(L, -1), "");
        }
    }
    lua_settop(L, table);
    if (depth < MOST_BEHIND && names_push_behind(L)) {
        add_table(L, g, depth + 1);
    }
    lua_settop(L, table - 1);
}

static void
add_globals(lua_State *L, const gathering *g)
{
    static const char *const words[] = {
        "and",      "break",  "do",   "else", "elseif", "end",   "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",   "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while", NULL};
    if (g->context->word.length == 0) {
        return;
    }
    for (const char *const *word = words; *word; word++) {
        add(L, g, *word, "");
    }
    add(L, g, "engine", ""); /* these come into being by being looked at */
    add(L, g, "clock", "");
    globals_push_environment(L);
    add_table(L, g, 0);
}

/* What a class has behind a "." or ":", by what is written about it. */
static void
add_class(lua_State *L, const gathering *g, const char *class, char mark)
{
    const size_t length = strlen(class);
    for (const topic *t = topics; t->name; t++) {
        if (strncmp(t->name, class, length) == 0 && t->name[length] == mark) {
            add(L, g, t->name + length + 1, "");
        }
    }
}

static void
add_members(lua_State *L, const gathering *g)
{
    const span *owner = &g->context->owner;
    if (owner->length == 0) {
        return;
    }
    names_push(L, owner->start, owner->length);
    const char *class = names_class(L, lua_gettop(L));
    if (class) {
        lua_pop(L, 1);
        add_class(L, g, class, g->context->is_call ? ':' : '.');
    } else {
        add_table(L, g, 0);
    }
}

/* ------------------------------------------------------------ options -- */

/* What is written about the function that a chain of names means. */
static const topic *
find_callee(lua_State *L, const span *callee)
{
    const char *last = callee->start + callee->length;
    while (last > callee->start && last[-1] != ':') {
        last--;
    }
    if (last == callee->start) {
        return topic_find(callee->start, callee->length);
    }
    const size_t length = (size_t)(callee->start + callee->length - last);
    names_push(L, callee->start, (size_t)(last - 1 - callee->start));
    const char *class = names_class(L, lua_gettop(L));
    lua_pop(L, 1);
    if (!class) {
        return topic_find_method(last, length);
    }
    lua_pushfstring(L, "%s:", class);
    lua_pushlstring(L, last, length);
    lua_concat(L, 2);
    const topic *t = topic_find(lua_tostring(L, -1), lua_rawlen(L, -1));
    lua_pop(L, 1);
    return t;
}

static void
add_options(lua_State *L, const gathering *g)
{
    const topic *t = find_callee(L, &g->context->callee);
    const char *class = t ? t->options : "";
    const size_t length = strlen(class);
    if (length == 0) {
        add_globals(L, g);
    }
    for (t = topics; length > 0 && t->name; t++) {
        if (strncmp(t->name, class, length) == 0 && t->name[length] == '.') {
            add(L, g, t->name + length + 1, " = ");
        }
    }
}

/* -------------------------------------------------------------- files -- */

static void
close_folder(void *folder)
{
    closedir(folder);
}

static int
is_folder(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* The files that what was typed may become. Hidden ones need their dot. */
static void
add_files(lua_State *L, const gathering *g)
{
    const char *word = g->context->word.start;
    const char *slash = strrchr(word, '/');
    const size_t stem = slash ? (size_t)(slash + 1 - word) : 0;
    lua_pushlstring(L, word, stem);
    const char *folder = lua_tostring(L, -1);
    void **box = object_box(L, close_folder);
    DIR *entries = *box = opendir(stem ? folder : ".");
    struct dirent *entry;
    const int top = lua_gettop(L);
    while (entries && (entry = readdir(entries))) {
        if (*entry->d_name == '.' && word[stem] != '.') {
            continue;
        }
        const char *path = lua_pushfstring(L, "%s%s", folder, entry->d_name);
        add(L, g, path, is_folder(path) ? "/" : "\"");
        lua_settop(L, top);
    }
    if (entries) {
        *box = NULL;
        closedir(entries);
    }
    lua_settop(L, top - 2);
}

/* The sounds that came with Tabor, whose names play() and load() take. */
static void
add_kit(lua_State *L, const gathering *g)
{
    lua_pushcfunction(L, module_kit);
    lua_call(L, 0, 1);
    const int kit = lua_gettop(L);
    lua_pushnil(L);
    while (lua_istable(L, kit) && lua_next(L, kit)) {
        lua_pop(L, 1);
        add(L, g, lua_tostring(L, -1), "\"");
    }
    lua_settop(L, kit - 1);
}

static int
is_one_of(const span *name, const char *const *names)
{
    while (*names && (strlen(*names) != name->length ||
                      memcmp(*names, name->start, name->length) != 0)) {
        names++;
    }
    return *names != NULL;
}

static void
add_strings(lua_State *L, const gathering *g)
{
    static const char *const kit[] = {"play", "load", NULL};
    static const char *const files[] = {"play",     "load",   "read",
                                        "replay",   "dofile", "save",
                                        "loadfile", "open",   NULL};
    const span *callee = &g->context->callee;
    span last = {callee->start + callee->length, 0};
    while (last.start > callee->start && !strchr(".:", last.start[-1])) {
        last.start--;
        last.length++;
    }
    if (is_one_of(callee, kit)) {
        add_kit(L, g);
    }
    if (is_one_of(&last, files) && !sandbox_is_on()) {
        add_files(L, g);
    }
}

/* ------------------------------------------------------------- answer -- */

/* Push an array of the names in the set at index, sorted. */
static lua_Integer
push_sorted(lua_State *L, int set)
{
    lua_Integer count = 0;
    lua_newtable(L);
    const int list = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, set)) {
        lua_pop(L, 1);
        lua_Integer place = ++count;
        for (; place > 1; place--) {
            lua_rawgeti(L, list, place - 1);
            if (strcmp(lua_tostring(L, -1), lua_tostring(L, -2)) < 0) {
                lua_pop(L, 1);
                break;
            }
            lua_rawseti(L, list, place);
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, list, place);
    }
    return count;
}

/* How much the first and the last name have in common: sorted as they are,
 * all have. Not half a character. */
static size_t
count_common(const char *one, const char *two)
{
    size_t length = 0;
    while (one[length] && one[length] == two[length]) {
        length++;
    }
    while (length > 0 && ((unsigned char)one[length] & 0xc0) == 0x80) {
        length--;
    }
    return length;
}

static void
show_names(lua_State *L, int list, lua_Integer count)
{
    FILE *f = screen_out();
    size_t widest = 0, column = 0;
    const lua_Integer shown = count < MOST_SHOWN ? count : MOST_SHOWN;
    for (lua_Integer i = 1; i <= shown; i++, lua_pop(L, 1)) {
        lua_rawgeti(L, list, i);
        const size_t length = lua_rawlen(L, -1);
        widest = length > widest ? length : widest;
    }
    for (lua_Integer i = 1; i <= shown; i++, lua_pop(L, 1)) {
        lua_rawgeti(L, list, i);
        if (column > 0 && column + widest > LINE_COLUMNS) {
            fputc('\n', f);
            column = 0;
        }
        output_text(f, lua_tostring(L, -1), lua_rawlen(L, -1));
        fprintf(f, "%*s", (int)(widest + 2 - lua_rawlen(L, -1)), "");
        column += widest + 2;
    }
    fputc('\n', f);
    if (shown < count) {
        fprintf(f, "... and %lld more\n", (long long)(count - shown));
    }
    fflush(f);
}

/* Push what is to be typed for the names in the set, or nil if there is none.
 */
static void
push_answer(lua_State *L, const gathering *g)
{
    const size_t typed = g->context->word.length;
    const lua_Integer count = push_sorted(L, g->set);
    const int list = lua_gettop(L);
    if (count == 0) {
        lua_pushnil(L);
        return;
    }
    lua_rawgeti(L, list, 1);
    lua_rawgeti(L, list, count);
    const char *first = lua_tostring(L, -2);
    const size_t common = count_common(first, lua_tostring(L, -1));
    if (count > 1 && common <= typed) {
        show_names(L, list, count);
    }
    lua_pushlstring(L, first + typed, common > typed ? common - typed : 0);
    if (count == 1) {
        lua_getfield(L, g->set, first);
        lua_concat(L, 2);
    }
}

/* Argument: the text; result: see complete_text(). */
static int
answer(lua_State *L)
{
    const context c = context_read(lua_tostring(L, 1));
    const gathering g = {&c, 2};
    void (*const gather[])(lua_State *, const gathering *) = {
        [CONTEXT_NAME] = add_globals,
        [CONTEXT_MEMBER] = add_members,
        [CONTEXT_KEY] = add_options,
        [CONTEXT_STRING] = add_strings};
    lua_settop(L, 1);
    lua_newtable(L);
    if (c.kind != CONTEXT_NONE) {
        gather[c.kind](L, &g);
    }
    push_answer(L, &g);
    return 1;
}

const char *
complete_text(lua_State *L, const char *preceding, const char *text)
{
    static char kept[4096];
    const int top = lua_gettop(L);
    const char *found = NULL;
    lua_gc(L, LUA_GCSTOP);
    lua_pushcfunction(L, answer);
    lua_pushfstring(L, "%s%s%s", preceding ? preceding : "",
                    preceding ? "\n" : "", text);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_isstring(L, -1)) {
        snprintf(kept, sizeof kept, "%s", lua_tostring(L, -1));
        found = kept;
    }
    lua_gc(L, LUA_GCRESTART);
    lua_settop(L, top);
    return found;
}
