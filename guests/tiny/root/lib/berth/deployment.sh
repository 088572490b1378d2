# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # the files of this folder share variables
# Deployments: a data volume and a folder under /run/berth/hosts/<domain name> each, from which
# berth-http answers: index (the JSON of GET /), reason (only when unhealthy), data (a link).

deployments_prepare() {
    : >/run/berth/ports
    number=0
    while [ -n "$(raw deployments.$number)" ]; do
        deployment_prepare deployments.$number
        number=$((number + 1))
    done
}

# deployment_prepare PATH: one that can't be prepared is unhealthy and leaves the others alone.
deployment_prepare() {
    id=$(text "$1.id")
    domain=$(text "$1.domainName" | tr '[:upper:]' '[:lower:]')
    port=$(text "$1.http.port")
    # These become file names and arguments.
    case "$id" in '' | *[!0-9a-f-]*) say "refused: deployment id '$id'" && return ;; esac
    case "$domain" in
        '' | .* | *[!a-z0-9.-]*) say "refused: domain name '$domain'" && return ;;
    esac
    case "$port" in '' | *[!0-9]*) say "refused: port '$port' of $domain" && return ;; esac
    grep -qx "$port" /run/berth/ports || echo "$port" >>/run/berth/ports
    host=/run/berth/hosts/$domain
    mkdir -p "$host"
    if ! volume_open "$(text "$1.dataVolume.serial")" "/var/lib/berth/$id"; then
        say "refused: $domain: $reason"
        echo "$reason" >"$host/reason"
        return
    fi
    document_keep "/var/lib/berth/$id"
    ln -sfn "/var/lib/berth/$id" "$host/data"
    boots=0
    [ ! -s "/var/lib/berth/$id/boots" ] || read -r boots <"/var/lib/berth/$id/boots"
    boots=$((boots + 1))
    file_write "/var/lib/berth/$id/boots" "$boots"
    index_json "$1" "$boots" >"$host/index"
    if [ "$(raw "$1.options.unhealthy")" = true ]; then
        echo "the option unhealthy is set" >"$host/reason"
        say "unhealthy: $domain: the option unhealthy is set"
    else
        say "serving $domain (deployment $id, boot $boots)"
    fi
}

# file_write FILE TEXT: whole or not at all, even when the power goes.
file_write() {
    printf '%s\n' "$2" | dd of="$1.new" conv=fsync 2>/dev/null
    mv "$1.new" "$1"
    sync
}

# document_keep FOLDER: the configuration on the data volume, for boots without the seed.
document_keep() {
    (
        umask 077
        mkdir -p "$1/.berth"
        chmod 700 "$1/.berth"
        cmp -s /run/berth/document "$1/.berth/berth.json" && exit
        dd if=/run/berth/document of="$1/.berth/berth.json.new" conv=fsync 2>/dev/null
        mv "$1/.berth/berth.json.new" "$1/.berth/berth.json"
        sync
    )
}

# index_json PATH BOOTS: made of the configuration's own JSON; its secrets stay where they are.
index_json() {
    awk -F '\t' -v at="$1" -v boots="$2" '
        { json[$1] = $2 }
        function member(name, path) { return "\"" name "\":" (path in json ? json[path] : "null") }
        END {
            print "{" member("deployment", at ".id") "," member("application", at ".application") \
                "," member("applicationVersion", at ".applicationVersion") \
                "," member("domainName", at ".domainName") "," member("options", at ".options") \
                "," member("administrator", at ".administrator.username") ",\"boots\":" boots \
                "," member("virtualMachine", "virtualMachine.id") \
                "," member("revision", "revision") "}"
        }' "$tree"
}
