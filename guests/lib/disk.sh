# shellcheck shell=sh
# Disk images from plain files: no loop device, no mount. A disk starts by BIOS from an MBR, whose
# first partition is a FAT with syslinux, the kernel and the initramfs.

# boot_partition FILE MEBIBYTES KERNEL INITRAMFS COMMAND_LINE
boot_partition() {
    truncate -s "${2}M" "$1"
    # 2048 hidden sectors: the partition starts at 1 MiB, and the boot sector has to know it.
    mkfs.vfat --invariant -i BE27B007 -n BERTHBOOT -h 2048 "$1" >/dev/null
    cat >"$1.cfg" <<END
DEFAULT berth
PROMPT 0
LABEL berth
  LINUX vmlinuz
  INITRD initrd
  APPEND $5
END
    mcopy -i "$1" "$3" ::vmlinuz
    mcopy -i "$1" "$4" ::initrd
    mcopy -i "$1" "$1.cfg" ::syslinux.cfg
    syslinux --install "$1"
}

# disk_assemble FILE BOOT [ROOT]: a raw disk with MBR, the boot partition and an optional root.
disk_assemble() {
    boot_sectors=$(($(stat -c %s "$2") / 512))
    root_sectors=0
    [ -z "${3:-}" ] || root_sectors=$(($(stat -c %s "$3") / 512))
    truncate -s $(((2048 + boot_sectors + root_sectors + 2048) * 512)) "$1"
    {
        echo "label: dos"
        echo "label-id: 0xbe27b007"
        echo "start=2048, size=$boot_sectors, type=c, bootable"
        [ -z "${3:-}" ] || echo "start=$((2048 + boot_sectors)), size=$root_sectors, type=83"
    } | sfdisk --quiet "$1"
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$1" conv=notrunc bs=440 count=1 status=none
    dd if="$2" of="$1" conv=notrunc,sparse bs=1M seek=1 status=none
    [ -z "${3:-}" ] ||
        dd if="$3" of="$1" conv=notrunc,sparse \
            ibs=1M obs=1M oflag=seek_bytes seek=$(((2048 + boot_sectors) * 512)) status=none
}

# disk_finish RAW OUT: compresses, and puts the result in place only when it is whole.
disk_finish() {
    qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd "$1" "$2.new"
    mv "$2.new" "$2"
}
