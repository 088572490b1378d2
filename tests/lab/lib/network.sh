# shellcheck shell=bash
# The site's layer-2 network: a bridge in a namespace of its own, a cable to each machine, and one
# into the namespace of this computer, where Berth runs. Only that last one's end is visible
# outside.

link_name() {
    echo "berth-$LAB_ID"
}

gateway4() { echo "$NET4.1"; }
gateway6() { echo "$NET6::1"; }
machine_address4() { echo "$NET4.$((10 + $(machine_number "$1")))"; }
machine_address6() { echo "$NET6::$((10 + $(machine_number "$1")))"; }

# True when no route and no address of this computer touches $1.0/24. A default route covers
# everything and doesn't count.
subnet_is_free() {
    local routes
    routes=$(
        ip -4 -oneline route show table all root "$1.0/24"
        ip -4 -oneline route show table all match "$1.0/24" | grep -v '^default' || true
        ip -4 -oneline address show to "$1.0/24"
    )
    [[ -z $routes ]]
}

# Derived from the id, so that a lab gets the same addresses again after `lab clean`.
addresses_choose() {
    local hash tries subnet
    hash=$(sha256sum <<<"berth lab $LAB_ID")
    NET6="fd${hash:0:2}:${hash:2:4}:${hash:6:4}"
    for ((tries = 0; tries < 100; tries++)); do
        subnet="10.$((64 + 16#${hash:10:2} % 128)).$(((16#${hash:12:2} + tries) % 256))"
        if subnet_is_free "$subnet"; then
            NET4=$subnet
            return
        fi
    done
    fail "no free /24 found beside $subnet.0/24; choose another --id"
}

# A fixed address of the hardware: after a power cut the same machine comes back, and nobody has to
# wait until their neighbour tables forget the old one. $1: two hexadecimal digits.
hardware_address() {
    local hash
    hash=$(sha256sum <<<"berth lab $LAB_ID")
    echo "02:be:${hash:0:2}:${hash:2:2}:${hash:4:2}:$1"
}

site_processes() {
    lab_processes site
}

site_up() {
    local pid tries link
    link=$(link_name)
    pid=$(site_processes)
    if [[ -n $pid && -e /sys/class/net/$link ]]; then
        return
    fi
    # Without its namespace every cable is gone, and the machines have to be plugged in again.
    # shellcheck disable=SC2086
    processes_end $pid
    site_down
    # Two labs that start at once must not choose one subnet: the lock is for the whole computer.
    exec 8</run
    flock 8
    subnet_is_free "$NET4" || fail "$NET4.0/24 is used by something else on this computer; see" \
        "'ip route', or run 'lab clean' and use another --id"
    # shellcheck disable=SC2016
    detached "berth-lab-$LAB_ID-site" "$DIR/site.log" unshare --net --uts -- \
        bash -c 'exec -a "$BERTH_LAB_NAME" sleep infinity'
    disown "$!"
    for ((tries = 0; tries < 100; tries++)); do
        pid=$(site_processes)
        [[ -z $pid ]] || break
        sleep 0.05
    done
    [[ -n $pid ]] || fail "the site's namespace did not start: $(tail -n 1 "$DIR/site.log")"
    nsenter --target "$pid" --uts -- hostname site
    site_bridge_make "$pid"
    site_link_make "$pid" "$link"
    exec 8<&-
}

site_bridge_make() {
    nsenter --target "$1" --net -- ip -batch - <<BATCH
link set lo up
link add name site type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link set site addrgenmode none up
BATCH
    bridge_filter_off "$1"
}

# The end on this computer. Its addresses are usable at once (`nodad`), and it believes no router:
# its own guests could say they are one.
site_link_make() {
    local pid=$1 link=$2
    ip link add name "$link" address "$(hardware_address 01)" type veth \
        peer name outside netns "$pid"
    nsenter --target "$pid" --net -- ip link set outside master site addrgenmode none up
    echo 0 >"/proc/sys/net/ipv6/conf/$link/accept_ra"
    echo 0 >"/proc/sys/net/ipv6/conf/$link/accept_dad"
    echo 0 >"/proc/sys/net/ipv6/conf/$link/disable_ipv6"
    ip link set "$link" up
    ip address add "$(gateway4)/24" dev "$link"
    ip -6 address add "$(gateway6)/64" dev "$link" nodad
}

# The peer goes with the namespace, but a little later than its last process.
site_down() {
    ip link delete "$(link_name)" 2>/dev/null || true
}

# Where br_netfilter is loaded, frames between guests would go through the rules for packets. Each
# namespace has this switch for itself.
bridge_filter_off() {
    # shellcheck disable=SC2016
    nsenter --target "$1" --net -- sh -c '
        for file in /proc/sys/net/bridge/bridge-nf-call-*; do
            if [ -e "$file" ]; then echo 0 >"$file"; fi
        done'
}

# Plugs a machine into the site, where it isn't yet. $1: machine, $2: its first process.
machine_network_up() {
    local name=$1 pid=$2 links
    links=$(nsenter --target "$pid" --net -- ip -oneline link show)
    if [[ $links != *": br0: "* ]]; then
        machine_bridge_make "$name" "$pid"
    fi
    if [[ $links != *": eth0@"* ]]; then
        machine_cable_make "$name" "$pid"
    fi
}

machine_bridge_make() {
    local name=$1 pid=$2 number
    number=$(printf '%02x' $((10 + $(machine_number "$name"))))
    nsenter --target "$pid" --net -- sh -c '
        echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
        echo 0 >/proc/sys/net/ipv6/conf/default/accept_ra
        echo 0 >/proc/sys/net/ipv4/ip_forward'
    nsenter --target "$pid" --net -- ip -batch - <<BATCH
link set lo up
link add name br0 address $(hardware_address "$number") type bridge stp_state 0 forward_delay 0
link set br0 type bridge mcast_snooping 0
link set br0 up
address add $(machine_address4 "$name")/24 dev br0
address add $(machine_address6 "$name")/64 dev br0 nodad
route add default via $(gateway4)
BATCH
    bridge_filter_off "$pid"
    machine_firewall "$pid"
}

machine_cable_make() {
    local name=$1 pid=$2 site
    site=$(site_processes)
    nsenter --target "$site" --net -- ip link delete "$name" 2>/dev/null || true
    ip link add name "$name" netns "$site" type veth peer name eth0 netns "$pid"
    nsenter --target "$site" --net -- ip link set "$name" master site addrgenmode none up
    nsenter --target "$pid" --net -- ip link set eth0 master br0 addrgenmode none up
}

# libvirtd asks nobody who they are, so guests must not reach it, neither here nor on a neighbour:
# it answers only to this computer and to the machines, and a guest can't send from their
# addresses.
machine_firewall() {
    nsenter --target "$1" --net -- nft --file - <<RULES
table bridge lab {
    chain prerouting {
        type filter hook prerouting priority 0; policy accept;
        iifname != "eth0" ip saddr $NET4.0-$NET4.49 drop
    }
}
table inet lab {
    chain input {
        type filter hook input priority 0; policy accept;
        iifname != "lo" tcp dport 16509 ip saddr != $NET4.0-$NET4.49 drop
    }
}
RULES
}

# The cable is pulled before the processes die: otherwise the kernel would say goodbye to every open
# connection for them, and a real power cut doesn't.
machine_network_cut() {
    local site
    site=$(site_processes)
    [[ -z $site ]] || nsenter --target "$site" --net -- ip link delete "$1" 2>/dev/null || true
}
