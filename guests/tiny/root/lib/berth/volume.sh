# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # the files of this folder share variables
# Data volumes: found by serial, formatted once, mounted, grown. Nothing that carries any
# signature is ever formatted.

mount_options=noatime,nosuid,nodev

disks() {
    for folder in /sys/block/vd*; do
        [ -d "$folder" ] && echo "${folder##*/}"
    done
}

# volume_find SERIAL: the disk's name, such as vdb.
volume_find() {
    for disk in $(disks); do
        [ "$(cat "/sys/block/$disk/serial" 2>/dev/null)" = "$1" ] && echo "$disk" && return
    done
    return 1
}

# volume_kind DISK: "blank", "ext4 berth-data", or what else blkid sees ("xfs photos", "dos").
volume_kind() {
    # blkid's "nothing found" is also its answer for a device that it can't read.
    if ! dd if="/dev/$1" of=/dev/null bs=1M count=1 2>/dev/null; then
        echo unreadable
        return
    fi
    found=$(blkid -p -o export "/dev/$1" 2>/run/berth/blkid)
    case $? in
        0) ;;
        2) [ ! -s /run/berth/blkid ] && echo blank || echo unreadable; return ;;
        *) echo unreadable; return ;;
    esac
    printf '%s\n' "$found" | awk -F = '
        $1 == "TYPE" || $1 == "PTTYPE" { kind = kind == "" ? $2 : kind "+" $2 }
        $1 == "LABEL" { label = $2 }
        END { print (kind == "" ? "unknown" : kind) (label == "" ? "" : " " label) }'
}

# volume_mount DISK FOLDER: repairs what a power cut left, then mounts.
volume_mount() {
    # 0: clean, 1: repaired; anything else needs a person.
    e2fsck -p "/dev/$1" >/run/berth/fsck 2>&1
    if [ $? -gt 1 ]; then
        say "refused: $1 is damaged: $(tail -n 1 /run/berth/fsck)"
        return 1
    fi
    mkdir -p "$2"
    mount -t ext4 -o "$mount_options" "/dev/$1" "$2"
}

# volume_open SERIAL FOLDER: mounts the data volume, formatting it when it is new. A failure
# leaves the reason in $reason.
volume_open() {
    reason="data volume $1 is not attached"
    disk=$(volume_find "$1") || return 1
    read -r kind <"/run/berth/kind.$disk"
    if [ "$kind" = blank ]; then
        # Without a seed this deployment was configured before, so its volume can't be blank.
        reason="data volume $1 is blank though the deployment was configured before"
        [ -s /run/berth/seed ] || return 1
        reason="data volume $1 cannot be formatted"
        # By its path: busybox's shell would take its own mke2fs, which knows ext2 only.
        /sbin/mke2fs -q -t ext4 -m 0 -L berth-data "/dev/$disk" || return 1
        say "formatted $disk as data volume $1"
        mkdir -p "$2" && mount -t ext4 -o "$mount_options" "/dev/$disk" "$2"
        return
    elif [ "$kind" != "ext4 berth-data" ]; then
        reason="data volume $1 ($disk) carries a foreign file system ($kind): not formatted"
        return 1
    fi
    reason="data volume $1 ($disk) cannot be mounted"
    volume_mount "$disk" "$2" || return 1
    before=$(stat -f -c %b "$2")
    resize2fs "/dev/$disk" >/dev/null 2>&1 || say "data volume $1 cannot grow to its disk"
    [ "$before" = "$(stat -f -c %b "$2")" ] || say "grew data volume $1 to its disk's size"
}
