# Reads one JSON text and prints a line for each value in it: its path, a tab, its JSON text.
#
#   {"a": [true, "x"]}   →   a.0    true
#                            a.1    "x"
#                            a      [true,"x"]
#                                   {"a":[true,"x"]}
#
# White space outside strings goes, strings stay as they were written, so a line is always one line
# and a value can be put into another JSON text as it is. Members whose name has anything but
# letters, digits, _ and - get no line of their own: a path can't be forged with a dot in a name.
# A text that isn't JSON prints what is wrong to stderr and ends with status 1.

function fail(what) {
    print what " at byte " taken + 1 > "/dev/stderr"
    failed = 1
    exit 1
}

function take(n,    text) {
    text = substr(rest, 1, n)
    rest = substr(rest, n + 1)
    taken += n
    return text
}

function next_is(character) {
    if (match(rest, /^[ \t\r\n]+/)) take(RLENGTH)
    return substr(rest, 1, 1) == character
}

function string() {
    if (!match(rest, string_form)) fail("broken string")
    return take(RLENGTH)
}

function object(path, shown,    raw, name, plain, first) {
    take(1)
    raw = "{"
    first = 1
    while (!next_is("}")) {
        if (!first) {
            if (!next_is(",")) fail("no comma")
            take(1)
            raw = raw ","
            next_is("")
        }
        first = 0
        if (!next_is("\"")) fail("no member name")
        name = string()
        if (!next_is(":")) fail("no colon")
        take(1)
        plain = substr(name, 2, length(name) - 2)
        raw = raw name ":" value(path == "" ? plain : path "." plain, \
            shown && plain ~ /^[A-Za-z0-9_-]+$/)
    }
    take(1)
    return raw "}"
}

function array(path, shown,    raw, count) {
    take(1)
    raw = "["
    while (!next_is("]")) {
        if (count > 0) {
            if (!next_is(",")) fail("no comma")
            take(1)
            raw = raw ","
        }
        raw = raw value(path "." (count + 0), shown)
        count++
    }
    take(1)
    return raw "]"
}

function value(path, shown,    raw) {
    if (next_is("{")) raw = object(path, shown)
    else if (next_is("[")) raw = array(path, shown)
    else if (next_is("\"")) raw = string()
    else if (match(rest, /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/)) raw = take(RLENGTH)
    else if (match(rest, /^(true|false|null)/)) raw = take(RLENGTH)
    else fail("no value")
    if (shown) print path "\t" raw
    return raw
}

BEGIN {
    hex = "[0-9a-fA-F]"
    string_form = "^\"([^\"\\\\\001-\037]|\\\\[\"\\\\/bfnrt]|\\\\u" hex hex hex hex ")*\""
}

{ rest = rest $0 "\n" }

END {
    if (failed) exit 1
    value("", 1)
    next_is("")
    if (rest != "") fail("something after the value")
}
