# shellcheck shell=bash
# What every part of the lab needs: errors, the folder, the lab's identity and its processes. A
# lab has no pinned namespaces: each lives as long as its first process, so nothing can be left
# over once the processes are gone, whoever killed them. They are found by their names, see
# `lab_processes`.

# Known after `state_load`: the folder, the lab's id, the number of machines, and the beginnings
# of the addresses ("10.71.4" and "fd12:3456:789a").
DIR='' LAB_ID='' MACHINES='' NET4='' NET6=''

fail() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

dir_set() {
    DIR=$(readlink -m "$1")
    # The path goes into lab.json and into mounts.
    [[ $DIR =~ ^[A-Za-z0-9/._@+-]+$ ]] ||
        fail "the folder '$DIR' has characters that the lab can't use; choose another with --dir"
}

requirements_check() {
    local program missing=()
    for program in libvirtd virtlogd virsh qemu-system-x86_64 ip nft; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    ((${#missing[@]} == 0)) || fail "missing: ${missing[*]}; run: scripts/packages lab"
    [[ -e /proc/net/if_inet6 ]] ||
        fail "this kernel has IPv6 switched off; boot without ipv6.disable=1"
    [[ -c /dev/net/tun ]] || fail "/dev/net/tun is missing; run: modprobe tun"
}

space_check() {
    local free
    free=$(df --output=avail --block-size=1M "$DIR" | tail -n 1)
    ((free >= 2048)) || fail "only $((free)) MiB free for $DIR; make room for 2 GiB or use --dir"
}

machine_names() {
    seq --format 'm%g' 1 "$MACHINES"
}

machine_number() {
    echo "${1#m}"
}

# Reads DIR/lab.env; the values are checked, since they become names and addresses.
state_load() {
    local key value
    while IFS='=' read -r key value; do
        case $key in
            id) LAB_ID=$value ;;
            machines) MACHINES=$value ;;
            net4) NET4=$value ;;
            net6) NET6=$value ;;
        esac
    done <"$DIR/lab.env"
    [[ $LAB_ID =~ ^[a-z0-9]{1,8}$ && $MACHINES =~ ^[0-9]+$ && $NET4 =~ ^10\.[0-9]+\.[0-9]+$ &&
        $NET6 =~ ^fd[0-9a-f:]+$ ]] || fail "$DIR/lab.env is damaged; remove $DIR and begin anew"
}

id_choose() {
    LAB_ID=${1:-$(sha256sum <<<"$DIR" | cut -c 1-5)}
    [[ $LAB_ID =~ ^[a-z0-9]{1,8}$ ]] ||
        fail "the id '$LAB_ID' has to be 1 to 8 small letters and digits"
}

# A lab keeps its id and its addresses for life: guests on its disks have them.
state_load_or_choose() {
    local id=$1 machines=$2
    if [[ -n $machines ]] && { [[ ! $machines =~ ^[0-9]{1,2}$ ]] ||
        ((10#$machines < 1 || 10#$machines > MACHINES_MAX)); }; then
        fail "--machines is '$machines'; it has to be a number from 1 to $MACHINES_MAX"
    fi
    if [[ -e $DIR/lab.env ]]; then
        state_load
        [[ -z $id || $id == "$LAB_ID" ]] ||
            fail "the lab in $DIR has the id $LAB_ID; for another id use another --dir"
        if [[ -n $machines ]] && ((10#$machines < MACHINES)); then
            fail "the lab in $DIR has $MACHINES machines; to have fewer, run 'lab clean' first"
        fi
        MACHINES=${machines:-$MACHINES}
    else
        id_choose "$id"
        MACHINES=${machines:-3}
        # Somebody may have removed the files under a running lab.
        lab_kill_all
        site_down
        addresses_choose
    fi
    MACHINES=$((10#$MACHINES))
    printf 'id=%s\nmachines=%s\nnet4=%s\nnet6=%s\n' "$LAB_ID" "$MACHINES" "$NET4" "$NET6" \
        >"$DIR/lab.env.new"
    mv "$DIR/lab.env.new" "$DIR/lab.env"
}

# Runs a command as a process of its own: no terminal, and none of our open files. A daemon that
# inherited the lock would hold it for ever, and one with a pipe would hang whoever reads that.
# The name becomes argv[0], by which `lab_processes` finds it.
detached() {
    local name=$1 descriptor log=$2
    shift 2
    (
        cd /
        for descriptor in "/proc/$BASHPID/fd/"*; do
            descriptor=${descriptor##*/}
            ((descriptor < 3)) || eval "exec $descriptor>&-"
        done
        # shellcheck disable=SC2016
        exec setsid env -i PATH="$PATH" LC_ALL=C HOME=/root BERTH_LAB_NAME="$name" "$@" \
            </dev/null >>"$log" 2>&1
    ) &
}

# Prints the first processes of this lab's namespaces: of all, or of one ("site", "m1", …).
# shellcheck disable=SC2120
lab_processes() {
    local pattern="berth-lab-$LAB_ID-${1:-[a-z0-9]*}" file name
    for file in /proc/[0-9]*/cmdline; do
        # shellcheck disable=SC2053
        if { IFS= read -r -d '' name <"$file"; } 2>/dev/null && [[ $name == $pattern ]]; then
            file=${file%/cmdline}
            echo "${file##*/}"
        fi
    done
}

# SIGKILL, and wait until each is really gone.
processes_end() {
    local pid tries
    for pid in "$@"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    for pid in "$@"; do
        for ((tries = 0; tries < 600; tries++)); do
            process_lives "$pid" || continue 2
            sleep 0.05
        done
        fail "process $pid does not die; look at /proc/$pid/stack, or restart this machine"
    done
}

# A zombie that its parent hasn't collected yet counts as dead: its namespaces are gone already.
process_lives() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat=${stat##*) }
    [[ ${stat%% *} != Z ]]
}

# Ends all of the lab. After an `up` that was killed, some may still be on their way to their name;
# but they have it in their environment already. So look until none is left.
lab_kill_all() {
    local pids files
    while true; do
        mapfile -t files < <(grep --files-with-matches --null-data --line-regexp --no-messages \
            "BERTH_LAB_NAME=berth-lab-$LAB_ID-[a-z0-9]*" /proc/[0-9]*/environ)
        # shellcheck disable=SC2119
        mapfile -t pids < <(lab_processes && printf '%s\n' "${files[@]//[^0-9]/}" | grep .)
        ((${#pids[@]} > 0)) || break
        processes_end "${pids[@]}"
    done
}
