# shellcheck shell=sh
# The kernel of the guests: Debian's cloud kernel, unpacked beside the system and never installed.
# Both images start it with a small initramfs of their own: no initramfs generator, quick to boot.
# shellcheck disable=SC2034 # what is set here is used by the builds

# kernel_fetch CACHE FOLDER: downloads the newest cloud kernel that the machine's apt knows and
# unpacks it into FOLDER. Sets $kernel_version (as in `uname -r`) and $kernel_package.
kernel_fetch() {
    name=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        awk '$1 == "Depends:" { print $2; exit }')
    [ -n "$name" ] || fail "apt knows no linux-image-cloud-amd64: run apt-get update"
    version=$(apt-cache policy "$name" | awk '$1 == "Candidate:" { print $2 }')
    deb="$1/${name}_$(echo "$version" | sed 's/:/%3a/')_amd64.deb"
    if [ ! -s "$deb" ]; then
        (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "$name=$version") ||
            fail "cannot download $name $version: run apt-get update and check the network"
    fi
    dpkg-deb -x "$deb" "$2" || fail "$deb is broken: delete it and build again"
    kernel_version=${name#linux-image-}
    kernel_package="$name $version"
    busybox depmod -b "$2" "$kernel_version"
}

# kernel_modules FOLDER ROOT MODULE...: copies modules with what they depend on.
kernel_modules() {
    from=$1/lib/modules/$kernel_version
    to=$2/lib/modules/$kernel_version
    shift 2
    for module in "$@"; do
        # modules.dep has "kernel/fs/fat/vfat.ko: kernel/fs/fat/fat.ko" with every dependency.
        files=$(sed -n "\|/$module\.ko:|s/://p" "$from/modules.dep")
        [ -n "$files" ] || fail "the kernel $kernel_version has no module $module"
        for file in $files; do
            mkdir -p "$to/$(dirname "$file")"
            cp "$from/$file" "$to/$file"
        done
    done
    cp "$from"/modules.builtin "$from"/modules.order "$to/"
    busybox depmod -b "$to/../../.." "$kernel_version"
}

# initramfs_pack FOLDER FILE: times and order are fixed, so equal input gives an equal file.
initramfs_pack() {
    find "$1" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
    (cd "$1" && find . | LC_ALL=C sort |
        cpio --quiet --reproducible -R 0:0 -o -H newc) | gzip -9n >"$2"
}
