# shellcheck shell=sh
# Checks that both image builds share. Each stops the build with one line that says what to do.

# mkfs and sfdisk live where a user's path may not lead.
PATH=$PATH:/usr/sbin:/sbin

fail() {
    echo "guests: $*" >&2
    exit 1
}

# need_root: file owners inside an image are set by a chroot and mke2fs, which need root.
need_root() {
    [ "$(id -u)" -eq 0 ] || fail "building this image needs root: run it with sudo"
}

# need COMMAND:PACKAGE...: names every missing package at once.
need() {
    missing=""
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
    done
    [ -z "$missing" ] || fail "missing programs, install them: apt-get install$missing"
}

# need_file FILE:PACKAGE...
need_file() {
    missing=""
    for pair in "$@"; do
        [ -e "${pair%%:*}" ] || missing="$missing ${pair#*:}"
    done
    [ -z "$missing" ] || fail "missing files, install them: apt-get install$missing"
}

# need_space FOLDER MEBIBYTES
need_space() {
    free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$2" ] || fail "$1 has $free MiB free, the build needs $2 MiB: make room"
}

# work_folder: a scratch folder that goes away with the build, beside the result so that the last
# step is a rename on one file system. Sets $work.
work_folder() {
    mkdir -p "$(dirname "$1")" || fail "cannot make the folder of $1"
    work=$(mktemp -d "$(dirname "$1")/.build.XXXXXX") || fail "cannot write beside $1"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
}

# cache_folder OUT: downloads are kept in <parent of the result's folder>/cache/guests.
cache_folder() {
    cache=${BERTH_CACHE:-$(cd "$(dirname "$1")/.." && pwd)/cache}/guests
    mkdir -p "$cache" || fail "cannot make the cache folder $cache"
}
