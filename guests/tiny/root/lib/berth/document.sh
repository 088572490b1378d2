# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # the files of this folder share variables
# Where the configuration comes from: the seed in the CD-ROM drive, or the copy kept on a data
# volume. The chosen one is flattened (json.awk) into $tree, which raw and text read.

tree=/run/berth/tree

say() { echo "berth: $*" >/dev/console; }

# raw PATH [TREE]: a value as JSON text; nothing when it isn't there.
raw() {
    awk -F '\t' -v path="$1" '$1 == path { found = $2 } END { if (found != "") print found }' \
        "${2:-$tree}"
}

# text PATH [TREE]: a string's text, or a number as it is.
text() {
    value=$(raw "$@")
    case $value in
        \"*) printf '%s\n' "$value" | awk -f /text.awk ;;
        *) printf '%s\n' "$value" ;;
    esac
}

# document_flatten FILE NAME: FILE.tree, or a line on the console and failure.
document_flatten() {
    if ! wrong=$(awk -f /json.awk "$1" 2>&1 >"$1.tree"); then
        say "refused: $2 is not JSON: $wrong"
        return 1
    fi
    if [ "$(raw contract "$1.tree")" != 1 ]; then
        say "refused: $2 has contract $(raw contract "$1.tree"), this guest knows 1"
        return 1
    fi
    case $(raw revision "$1.tree") in
        '' | *[!0-9]*) say "refused: $2 has no revision" && return 1 ;;
    esac
}

# seed_read: /run/berth/seed from the first drive that holds a volume labelled cidata.
seed_read() {
    for drive in /dev/sr*; do
        [ -b "$drive" ] || continue
        label=$(blkid -p -o value -s LABEL "$drive" 2>/dev/null | tr '[:upper:]' '[:lower:]')
        [ "$label" = cidata ] || continue
        kind=$(blkid -p -o value -s TYPE "$drive")
        mount -r -t "$kind" "$drive" /run/volume || continue
        cp /run/volume/berth.json /run/berth/seed ||
            say "refused: the seed has no berth.json"
        umount /run/volume
        [ ! -s /run/berth/seed ] || document_flatten /run/berth/seed "the seed" ||
            rm -f /run/berth/seed
        return
    done
}

# kept_read: /run/berth/kept.vdX from each data volume that has been in use, and
# /run/berth/kind.vdX with what each disk carries.
kept_read() {
    for disk in $(disks); do
        kind=$(volume_kind "$disk")
        echo "$kind" >"/run/berth/kind.$disk"
        [ "$kind" = "ext4 berth-data" ] || continue
        volume_mount "$disk" /run/volume || continue
        kept=/run/berth/kept.$disk
        cp /run/volume/.berth/berth.json "$kept" 2>/dev/null
        umount /run/volume
        [ ! -s "$kept" ] || document_flatten "$kept" "the kept configuration on $disk" ||
            rm -f "$kept"
    done
}

# document_choose: the highest revision wins, and the seed among equals. Beside a seed, what was
# kept by another virtual machine doesn't count: its revisions are other numbers.
document_choose() {
    best=""
    if [ -s /run/berth/seed ]; then
        best=/run/berth/seed
        document_source=seed
        machine=$(text virtualMachine.id $best.tree)
    fi
    for kept in /run/berth/kept.*; do
        case $kept in *.tree | *'*') continue ;; esac
        [ ! -s /run/berth/seed ] ||
            [ "$(text virtualMachine.id "$kept.tree")" = "$machine" ] || continue
        [ -z "$best" ] ||
            [ "$(raw revision "$kept.tree")" -gt "$(raw revision "$best.tree")" ] || continue
        best=$kept
        document_source="data volume ${kept#*kept.}"
    done
    [ -n "$best" ] || return 1
    cp "$best" /run/berth/document
    cp "$best.tree" $tree
}
