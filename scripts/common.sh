# What scripts/run, scripts/stop and scripts/sandbox share. To be sourced from the project's folder.
# shellcheck shell=bash

API_PORT=${BERTH_API_PORT:-8800}
INTERNAL_PORT=${BERTH_INTERNAL_PORT:-8801}
BERTH_POSTGRES_PORT=${BERTH_POSTGRES_PORT:-54330}
export BERTH_POSTGRES_PORT
readonly API_PORT INTERNAL_PORT
readonly URL=http://127.0.0.1:$API_PORT
readonly PID_FILE=var/berth.pid

fail() {
    printf 'berth: %s\n' "$*" >&2
    exit 1
}

# Prints the process number of our `berth serve`, if it runs. A number in a file may long be somebody
# else's, so the process's own name counts.
berth_pid() {
    local pid
    [[ -s $PID_FILE ]] || return 1
    pid=$(<"$PID_FILE")
    [[ $pid =~ ^[0-9]+$ && $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) == *"berth serve"* ]] ||
        return 1
    echo "$pid"
}

# Sends SIGTERM and waits; after 40 s the second signal, which ends it at once.
berth_stop() {
    local pid tries
    pid=$(berth_pid) || return 0
    kill -TERM "$pid"
    for ((tries = 0; tries < 400; tries++)); do
        berth_pid >/dev/null || break
        sleep 0.1
    done
    if berth_pid >/dev/null; then
        kill -TERM "$pid"
    fi
    rm -f "$PID_FILE"
}

port_is_free() {
    ! (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# port_need PORT VARIABLE WHAT
port_need() {
    port_is_free "$1" || fail "port $1 ($3) is taken by another program; set $2 to a free one"
}

# Random, as hexadecimal digits; made once and kept in a file that only its owner reads.
secret_file() {
    if [[ ! -s $1 ]]; then
        (umask 077 && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$1")
    fi
    cat "$1"
}

# The database's address as its owner, with another user and password: database_url_as NAME PASSWORD
database_url_as() {
    scripts/postgres url var/postgres | sed "s#//[^@]*@#//$1:$2@#"
}
