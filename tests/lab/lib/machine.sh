# shellcheck shell=bash
# A machine: power on, power cut, and running things inside it.

# Where the pool lies as the machine sees it: on all machines alike, as a provider would do it, so
# that a guest's description fits wherever it moves. The other files use it.
# shellcheck disable=SC2034
readonly POOL_PATH=/var/lib/libvirt/berth

# Enters all namespaces of a machine; its first process's number follows.
readonly MACHINE_ENTER=(nsenter --mount --uts --ipc --net --pid --target)

machine_process() {
    lab_processes "$1"
}

machine_exec() {
    local name=$1
    shift
    (cd / && exec "${MACHINE_ENTER[@]}" "$(machine_process "$name")" -- "$@")
}

machine_running_check() {
    [[ -n $(machine_process "$1") ]] || fail "$1 is switched off; run: lab machine-start $1"
}

machine_folders_make() {
    local base=$DIR/machines/$1
    mkdir -p "$base"/{etc,lib/berth,cache,log}
    # QEMU runs as a user of its own, and so must be able to enter these.
    chmod 755 "$base/lib"
    chmod 711 "$base/lib/berth"
    printf '127.0.0.1 localhost\n' >"$base/hosts"
    local name
    for name in $(seq --format 'm%g' 1 "$MACHINES_MAX"); do
        printf '%s %s\n' "$(machine_address4 "$name")" "$name" >>"$base/hosts"
    done
    libvirtd_settings_write "$1" "$base/etc"
}

# Powers a machine on, or completes one that runs already. Idempotent.
machine_up() {
    local name=$1 pid
    pid=$(machine_process "$name")
    if [[ -n $pid && ! -e $DIR/machines/$name/ready ]]; then
        # An interrupted start: nothing runs in it yet.
        processes_end "$pid"
        pid=''
    fi
    if [[ -z $pid ]]; then
        machine_boot "$name"
        pid=$(machine_process "$name")
    fi
    machine_network_up "$name" "$pid"
    libvirtd_up "$name"
    libvirtd_objects_make "$name"
}

machine_boot() {
    local name=$1 base=$DIR/machines/$1 tries job
    machine_folders_make "$name"
    rm -f "$base/ready"
    : >"$base/log/start.log"
    # shellcheck disable=SC2016
    detached "berth-lab-$LAB_ID-$name" "$base/log/start.log" \
        unshare --mount --uts --ipc --net --pid --fork -- \
        bash -c 'exec -a "$BERTH_LAB_NAME" bash "$@"' bash "$LAB_HOME/machine-init" "$name" "$base"
    job=$!
    disown "$job"
    for ((tries = 0; tries < 400; tries++)); do
        if [[ -e $base/ready ]]; then
            return
        fi
        kill -0 "$job" 2>/dev/null || break
        sleep 0.025
    done
    fail "$name did not start: $(tail -n 1 "$base/log/start.log")"
}

# A power cut. What guests wrote without waiting for the disk survives it, since this computer's
# kernel has it: to lose that, this computer itself would have to lose power.
machine_kill() {
    local pid
    machine_running_check "$1"
    pid=$(machine_process "$1")
    machine_network_cut "$1"
    # The first process of a PID namespace takes all others with it; none of them can prevent it.
    processes_end "$pid"
    rm -f "$DIR/machines/$1/ready"
}
