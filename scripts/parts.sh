# The real parts that tests and benchmarks run on, private under $HOME_DIR: PostgreSQL, guest images, the lab.
# To be sourced from the project's folder with HOME_DIR set. BERTH_TEST_KEEP=1 leaves them up, so that the next
# run begins at once.
# shellcheck shell=bash

say() {
    printf '\n== %s (%d s)\n' "$*" "$SECONDS"
}

# For a trap on EXIT: takes down what was put up, also after a failure.
parts_down() {
    local status=$?
    if [[ ${BERTH_TEST_KEEP:-0} != 1 ]]; then
        tests/lab/lab down --dir "$HOME_DIR/lab" || status=1
        scripts/postgres stop "$HOME_DIR/postgres" || status=1
    fi
    exit "$status"
}

# parts_up IMAGES [OPTION OF scripts/postgres start]
parts_up() {
    if ((EUID != 0)); then
        echo "The lab makes network namespaces. Run as root, or build storefronts with make sandbox." >&2
        exit 1
    fi
    say "Debian packages"
    scripts/packages database lab guests
    say "PostgreSQL"
    scripts/postgres start "${@:2}" "$HOME_DIR/postgres"
    BERTH_TEST_DATABASE_URL=$(scripts/postgres url "$HOME_DIR/postgres" postgres)
    say "GraphiQL"
    api/graphiql/build
    say "guest images"
    guests/build "$1" var/images
    say "the lab"
    tests/lab/lab up --dir "$HOME_DIR/lab"
    export BERTH_TEST_DATABASE_URL BERTH_LAB=$HOME_DIR/lab/lab.json BERTH_IMAGES=$PWD/var/images
}
