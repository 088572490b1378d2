# shellcheck shell=bash
# A guest for the lab's own test: Debian's cloud kernel and a busybox that tells over HTTP what it
# sees. It is not one of Berth's guests, so that the lab can be proved without them.

# Puts `vmlinuz` and `initrd` into $1, once.
trial_guest_build() {
    local folder=$1 package root module modules
    if [[ -e $folder/initrd ]]; then
        return
    fi
    rm -rf "$folder"
    mkdir -p "$folder/package" "$folder/root"/{bin,dev,proc,sys,www,modules}
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *//p')
    [[ -n $package ]] || { echo "no linux-image-cloud-amd64; run: apt-get update" >&2 && return 1; }
    (cd "$folder" && apt-get download -qq "$package" 2>/dev/null)
    dpkg-deb -x "$folder"/*.deb "$folder/package"
    rm "$folder"/*.deb
    mv "$folder/package/boot"/vmlinuz-* "$folder/vmlinuz"
    root=$folder/root
    cp /bin/busybox "$root/bin/busybox"
    modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover
        net_failover virtio_net scsi_common scsi_mod virtio_scsi cdrom sr_mod)
    for module in "${modules[@]}"; do
        cp "$(find "$folder/package/lib" -name "$module.ko")" "$root/modules/"
    done
    trial_guest_init "${modules[*]}" >"$root/init"
    chmod 755 "$root/init"
    (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$folder/initrd.new"
    rm -rf "$folder/package" "$root"
    mv "$folder/initrd.new" "$folder/initrd"
}

# The guest's first program. Its addresses and whom it shall visit come on the kernel's command
# line.
trial_guest_init() {
    cat <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $1; do insmod /modules/\$module.ko; done
for word in \$(cat /proc/cmdline); do
    case \$word in trial_*=*) eval "\$word" ;; esac
done
echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
ip link set lo up
ip link set eth0 up
ip addr add \$trial_ipv4/24 dev eth0
ip addr add \$trial_ipv6/64 dev eth0
head -c 12 /dev/sr0 >/www/cdrom
httpd -h /www
echo "trial guest ready" >/dev/console
# busybox's wget crashes when it is linked statically with glibc; nc does not.
(until printf 'GET /cdrom HTTP/1.0\r\n\r\n' | nc -w 2 \$trial_visit 80 | tail -n 1 >/www/visiting &&
    grep -q cd /www/visiting; do sleep 1; done; mv /www/visiting /www/visited) &
if nc -w 3 \$trial_libvirtd 16509 </dev/null; then echo open; else echo closed; fi >/www/libvirtd
while :; do cat /proc/uptime >/www/uptime; sleep 1; done
INIT
}

# The guest's description. $1: name, $2: IPv4 address, $3: IPv6 address, $4: address to visit,
# $5: address where libvirtd must not answer.
trial_guest_xml() {
    local pool=/var/lib/libvirt/berth
    local words="console=ttyS0 quiet trial_ipv4=$2 trial_ipv6=$3 trial_visit=$4 trial_libvirtd=$5"
    cat <<XML
<domain type='qemu'>
  <name>$1</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>$pool/vmlinuz</kernel>
    <initrd>$pool/initrd</initrd>
    <cmdline>$words</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <controller type='scsi' model='virtio-scsi'/>
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <source file='$pool/$1.iso' startupPolicy='optional'/>
      <target dev='sda' bus='scsi'/>
      <readonly/>
    </disk>
    <interface type='network'>
      <source network='berth'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'><log file='$pool/$1.console.log' append='on'/></serial>
    <console type='pty'/>
  </devices>
</domain>
XML
}
