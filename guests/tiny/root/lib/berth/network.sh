# shellcheck shell=sh
# The network of the configuration, on the interface with its MAC address. Static addresses only.

# list PATH: the texts of an array of strings, one per line.
list() {
    index=0
    while [ -n "$(raw "$1.$index")" ]; do
        text "$1.$index"
        index=$((index + 1))
    done
}

network_configure() {
    wanted=$(text network.mac | tr '[:upper:]' '[:lower:]')
    interface=""
    for folder in /sys/class/net/*; do
        [ "$(cat "$folder/address")" != "$wanted" ] || interface=${folder##*/}
    done
    if [ -z "$interface" ]; then
        say "refused: no network interface has the address $wanted"
        return 1
    fi
    # Announce the addresses when the link comes up, so that neighbours learn of a moved guest;
    # take no routes from anyone.
    echo 1 >/proc/sys/net/ipv4/conf/all/arp_notify
    echo 1 >"/proc/sys/net/ipv6/conf/$interface/ndisc_notify"
    echo 0 >"/proc/sys/net/ipv6/conf/$interface/accept_ra"
    # Berth hands each address out once: duplicate detection would only cost a second.
    echo 0 >"/proc/sys/net/ipv6/conf/$interface/accept_dad"
    for address in $(list network.addresses); do
        ip address add "$address" dev "$interface" || say "refused: address $address"
    done
    ip link set "$interface" up
    for gateway in $(list network.gateways); do
        family=4
        case $gateway in *:*) family=6 ;; esac
        ip -$family route add default via "$gateway" dev "$interface" ||
            say "refused: gateway $gateway"
    done
    for server in $(list network.nameservers); do
        echo "nameserver $server"
    done >/etc/resolv.conf
    say "network $interface $(list network.addresses | tr '\n' ' ')"
}
