# SPDX-License-Identifier: MIT
#
# tabor.lua, the one description of what Lua finds, in two other forms:
#   awk -v form=c  -f topics.awk tabor.lua >topics.c          for help()
#   awk -v form=md -f topics.awk tabor.lua >reference-lua.md  for people
#
# A comment belongs to the class, function or variable right below it. What is
# between ```lua and ``` in it is the example. Lines of one member:
#   ---@field NAME TYPE TEXT   ---@param NAME TYPE TEXT   ---@return TYPE TEXT

function c_quoted(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    gsub(/\n/, "\\n\"\n     \"", s)
    return "\"" s "\""
}

# What is left of a line behind its first n words.
function rest(line, n) {
    for (; n > 0; n--)
        sub(/^[^ ]+ */, "", line)
    return line
}

function short(type) {
    gsub(/tabor\./, "", type)
    return type
}

function forget() {
    text = example = params = returns = class = options = type = ""
    in_example = has_doc = 0
}

function tell(name, signature, text, example, options, returns) {
    count++
    if (form == "c") {
        printf "    {%s,\n     %s,\n     %s,\n     %s,\n     %s,\n     %s},\n",
            c_quoted(name), c_quoted(signature), c_quoted(text),
            c_quoted(example), c_quoted(options), c_quoted(returns)
        return
    }
    if (name ~ /^[A-Z][A-Za-z]*$/)
        printf "\n## %s\n\n%s\n", name, text
    else if (name ~ /^[A-Z][A-Za-z]*\./) {
        sub(/^[^.]*\./, "", signature)
        printf "%s* `%s`  %s\n", last_was_field ? "" : "\n", signature, text
    } else
        printf "\n### `%s`\n\n%s\n", signature, text
    if (example != "")
        printf "\n```lua\n%s\n```\n", example
    last_was_field = name ~ /^[A-Z][A-Za-z]*\./
}

BEGIN {
    forget()
    if (form == "c")
        print "/* Made from doc/tabor.lua by doc/topics.awk. */\n" \
            "#include \"topic.h\"\n\nconst topic topics[] = {"
    else
        print "# What Lua finds\n\nMade from [tabor.lua](tabor.lua), like " \
            "`help()` at the prompt of `tabor`, and what editors show."
}

/^---```/ { in_example = /lua/; has_doc = 1; next }

in_example && /^---/ {
    example = example (example == "" ? "" : "\n") substr($0, 4)
    next
}

/^---@class / {
    class = short($2)
    sub(/:$/, "", class)
    has_doc = 1
    is_told = 0
    next
}

/^---@field / {
    if (!is_told)
        tell(class, "class " class, text, example, "", "")
    is_told = 1
    optional = sub(/\?$/, "", $2)
    sub(/^---/, "")
    name = $2
    tell(class "." name, \
        class "." name (optional ? "?" : "") ": " short($3), rest($0, 3), \
        "", "", "")
    next
}

/^---@param / {
    sub(/\?$/, "", $2)
    if (rest($0, 3) != "")
        params = params (params == "" ? "" : "\n") $2 ": " rest($0, 3)
    if ($3 ~ /^tabor\.[A-Za-z]*Options$/)
        options = short($3)
    next
}

/^---@return / {
    if (returns == "")
        returns = short($2)
    if ($3 != "")
        params = params (params == "" ? "" : "\n") "returns: " rest($0, 2)
    next
}

/^---@type / { type = short($2); next }

/^---@/ { next }

/^---/ {
    text = text (text == "" ? "" : "\n") substr($0, 4)
    has_doc = 1
    next
}

/^function / {
    name = substr($0, 10)
    sub(/\).*/, ")", name)
    signature = name
    sub(/\(.*/, "", name)
    if (returns != "")
        signature = signature " -> " returns
    if (params != "")
        text = text (form == "md" ? "\n\n" : "\n") (form == "md" ? \
            "* " : "") params
    if (form == "md" && params != "")
        gsub(/\n[a-z_]+: /, "\n*&", text)
    sub(/\?$/, "", returns)
    tell(name, signature, text, example, options, returns)
    forget()
    next
}

class != "" && !/^---/ {
    if (!is_told)
        tell(class, "class " class, text, example, "", "")
    forget()
    next
}

/^[a-z_.]+ = / {
    if (has_doc)
        tell($1, $1 (type != "" ? ": " type : ""), text, example, "", "")
    forget()
    next
}

{ forget() }

END {
    if (class != "" && !is_told)
        tell(class, "class " class, text, example, "", "")
    if (form == "c")
        print "    {0, 0, 0, 0, 0, 0}};"
    if (count == 0) {
        print "topics.awk: nothing is described here" >"/dev/stderr"
        exit 1
    }
}
