# Reads one JSON string per line and prints the text it stands for, as UTF-8.

function byte(n) { return sprintf("%c", n) }

function utf8(n) {
    if (n < 128) return byte(n)
    if (n < 2048) return byte(192 + int(n / 64)) byte(128 + n % 64)
    if (n < 65536) return byte(224 + int(n / 4096)) byte(128 + int(n / 64) % 64) byte(128 + n % 64)
    return byte(240 + int(n / 262144)) byte(128 + int(n / 4096) % 64) \
        byte(128 + int(n / 64) % 64) byte(128 + n % 64)
}

function hex(text,    i, n) {
    for (i = 1; i <= length(text); i++)
        n = n * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
    return n
}

# The characters of \uD83D\uDE00 lie outside the first 65,536 and are written in two halves.
function unicode(    high, low) {
    high = hex(substr(rest, 3, 4))
    rest = substr(rest, 7)
    if (high < 55296 || high > 57343) return utf8(high)
    if (high < 56320 && rest ~ /^\\u[dD][c-fC-F]/) {
        low = hex(substr(rest, 3, 4))
        rest = substr(rest, 7)
        return utf8(65536 + (high - 55296) * 1024 + low - 56320)
    }
    return utf8(65533)
}

BEGIN {
    plain["b"] = "\b"; plain["f"] = "\f"; plain["n"] = "\n"; plain["r"] = "\r"; plain["t"] = "\t"
    plain["/"] = "/"; plain["\\"] = "\\"; plain["\""] = "\""
}

{
    rest = substr($0, 2, length($0) - 2)
    text = ""
    while (match(rest, /\\/)) {
        text = text substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART)
        if (substr(rest, 2, 1) == "u") {
            text = text unicode()
        } else {
            text = text plain[substr(rest, 2, 1)]
            rest = substr(rest, 3)
        }
    }
    print text rest
}
