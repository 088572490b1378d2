# shellcheck shell=bash
# What the lab tells: lab.json for programs, `status` for people.

machine_json() {
    local name=$1 pid
    pid=$(machine_process "$name")
    cat <<JSON
    {
      "name": "$name",
      "uri": "$(machine_uri "$name")",
      "address": "$(machine_address4 "$name")",
      "addressIpv6": "$(machine_address6 "$name")",
      "pool": "berth",
      "poolPath": "$POOL_PATH",
      "network": "berth",
      "directory": "$DIR/machines/$name",
      "pid": ${pid:-null}
JSON
    printf '    }'
}

machines_json() {
    local name comma=''
    for name in $(machine_names); do
        printf '%s' "$comma"
        machine_json "$name"
        comma=$',\n'
    done
}

# Readers see the old file or the new one, never half of one.
report_write() {
    cat >"$DIR/lab.json.new" <<JSON
{
  "id": "$LAB_ID",
  "subnets": {"ipv4": "$NET4.0/24", "ipv6": "$NET6::/64"},
  "gateway": {"ipv4": "$(gateway4)", "ipv6": "$(gateway6)"},
  "guestAddresses": {
    "ipv4First": "$NET4.50",
    "ipv4Last": "$NET4.249",
    "ipv6First": "$NET6::1000"
  },
  "machines": [
$(machines_json)
  ]
}
JSON
    mv "$DIR/lab.json.new" "$DIR/lab.json"
}

machine_state() {
    local pid status
    [[ -n $(machine_process "$1") ]] || { echo "switched off" && return; }
    pid=$(daemon_pid "$1" libvirtd) || { echo "without libvirtd" && return; }
    status=$(machine_exec "$1" grep '^State:' "/proc/$pid/status" || true)
    [[ $status != *T* ]] || { echo "libvirtd hangs" && return; }
    echo "running"
}

report_status() {
    local name state guests well=yes
    [[ -n $(site_processes) ]] || { echo "the lab in $DIR is down" && exit 3; }
    for name in $(machine_names); do
        state=$(machine_state "$name")
        guests=$(machine_guests "$name")
        [[ $state == running ]] || well=no
        printf '%-4s %-17s %-38s %s guests\n' "$name" "$state" "$(machine_uri "$name")" "$guests"
    done
    [[ $well == yes ]] || exit 3
}

# Counts QEMU's processes: also right while libvirtd is dead or hangs.
machine_guests() {
    [[ -n $(machine_process "$1") ]] || { echo 0 && return; }
    machine_exec "$1" sh -c 'cat /proc/[0-9]*/comm 2>/dev/null | grep -c "^qemu-system" || true'
}
