# shellcheck shell=bash
# libvirtd and virtlogd of one machine: their settings, starting, stopping and hanging them.

readonly LIBVIRTD_PORT=16509

machine_uri() {
    echo "qemu+tcp://$(machine_address4 "$1")/system"
}

# The same for a lab for life, and different for every machine: libvirt refuses a live move between
# two hosts with one UUID.
host_uuid() {
    local hash
    hash=$(sha256sum <<<"berth lab $LAB_ID machine $1")
    echo "${hash:0:8}-${hash:8:4}-4${hash:13:3}-8${hash:17:3}-${hash:20:12}"
}

# $1: machine, $2: the folder that becomes its /etc/libvirt.
libvirtd_settings_write() {
    cat >"$2/libvirtd.conf" <<CONF
listen_tls = 0
listen_tcp = 1
listen_addr = "$(machine_address4 "$1")"
tcp_port = "$LIBVIRTD_PORT"
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "$(host_uuid "$1")"
max_clients = 200
max_workers = 20
log_level = 3
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
CONF
    # No control groups: /sys of a machine has none, and none must stay behind on this computer.
    cat >"$2/qemu.conf" <<CONF
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
stdio_handler = "logd"
CONF
    cat >"$2/virtlogd.conf" <<CONF
log_level = 3
log_outputs = "3:file:/var/log/libvirt/virtlogd.log"
max_size = 1048576
max_backups = 1
CONF
}

# Prints a daemon's process number as the machine counts, and fails when it doesn't run.
daemon_pid() {
    local name=$1 daemon=$2
    # shellcheck disable=SC2016
    machine_exec "$name" sh -c '
        pid=$(cat "/run/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] &&
            ! grep -q "^State:.Z" "/proc/$pid/status" && echo "$pid"' sh "$daemon"
}

# Starts what doesn't run of both, wakes what hangs, and waits until libvirtd answers over the
# network.
libvirtd_up() {
    local name=$1
    daemon_start "$name" virtlogd
    daemon_start "$name" libvirtd --listen
    libvirtd_signal "$name" CONT
    libvirtd_answers "$name" || fail "$name: libvirtd doesn't answer at $(machine_uri "$name");" \
        "see $DIR/machines/$name/log/libvirtd.log"
}

# --daemon returns when the daemon has opened its sockets.
daemon_start() {
    local name=$1 daemon=$2 log=$DIR/machines/$1/log/start.log
    if daemon_pid "$name" "$daemon" >/dev/null; then
        return
    fi
    detached "berth-lab-$LAB_ID-start" "$log" \
        "${MACHINE_ENTER[@]}" "$(machine_process "$name")" -- \
        timeout 60 "$daemon" --daemon --pid-file "/run/$daemon.pid" "${@:3}"
    wait "$!" || fail "$name: $daemon did not start: $(tail -n 1 "$log")"
}

libvirtd_answers() {
    local end=$((SECONDS + 60))
    while ((SECONDS < end)); do
        if timeout 10 virsh --quiet --connect "$(machine_uri "$1")" version >/dev/null 2>&1; then
            return
        fi
        sleep 0.25
    done
    return 1
}

# $1: machine, $2: KILL, STOP or CONT.
libvirtd_signal() {
    local pid
    machine_running_check "$1"
    pid=$(daemon_pid "$1" libvirtd) ||
        fail "$1: libvirtd isn't running; run: lab libvirtd-start $1"
    # shellcheck disable=SC2016
    machine_exec "$1" sh -c 'kill -s "$1" "$2"' sh "$2" "$pid"
}

libvirtd_gone_wait() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        daemon_pid "$1" libvirtd >/dev/null || return 0
        sleep 0.05
    done
    fail "$1: libvirtd does not die"
}

# The machine's storage pool and network, under one name on every machine; libvirt keeps them and
# starts them itself from then on. $1: machine.
libvirtd_objects_make() {
    local log=$DIR/machines/$1/log/start.log
    local virsh=(timeout 60 virsh --quiet --connect "$(machine_uri "$1")")
    object_make pool 'State: +running' "<pool type='dir'><name>berth</name>
        <target><path>$POOL_PATH</path></target></pool>" >>"$log" 2>&1 ||
        fail "$1: the storage pool can't be made: $(tail -n 1 "$log")"
    object_make net 'Active: +yes' "<network><name>berth</name>
        <forward mode='bridge'/><bridge name='br0'/></network>" >>"$log" 2>&1 ||
        fail "$1: the network can't be made: $(tail -n 1 "$log")"
}

# Uses the caller's `virsh`. $1: pool or net, $2: what tells that it runs, $3: its description.
object_make() {
    local kind=$1 running=$2 description=$3 info
    if ! "${virsh[@]}" "$kind-info" berth >/dev/null 2>&1; then
        "${virsh[@]}" "$kind-define" /dev/stdin <<<"$description" || return
        "${virsh[@]}" "$kind-autostart" berth || return
    fi
    # Not through a pipe: `grep -q` hangs up early, and virsh would fail with SIGPIPE now and then.
    info=$("${virsh[@]}" "$kind-info" berth) || return
    [[ $info =~ $running ]] || "${virsh[@]}" "$kind-start" berth
}
