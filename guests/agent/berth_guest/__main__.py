"""`python3 -m berth_guest prepare | handover | release`, each run by a systemd unit:

prepare   before the applications: seed, data volume, configuration
handover  when Synapse answers: first administrator, then the network comes up
release   at the end: unmounts the data volume"""

import sys

from . import document, files, handover, matrix, network, seed, volume
from .console import Refused, say

ENVIRONMENT = "/run/berth/matrix.env"
CURRENT = "/run/berth/berth.json"


def data_folder(deployment):
    """Where a deployment's data volume is mounted."""
    return f"/var/lib/berth/{deployment.id}"


def only(deployments):
    """This image serves one deployment a machine: Synapse listens on the port itself."""
    if len(deployments) != 1:
        raise Refused(f"this image serves one deployment a virtual machine, not {len(deployments)}")
    return deployments[0]


def prepare():
    with open("/proc/uptime", encoding="ascii") as file:
        say(f"starting, up {file.read().split()[0]} s")
    found = seed.seed_read()
    chosen = document.choose(found, seed.kept_read())
    if chosen is None:
        raise Refused("no seed and no kept configuration on any data volume")
    say(f"configuration of revision {chosen.revision} from "
        f"{'the seed' if chosen is found else 'the data volume'}")
    network.hostname_set(chosen.hostname)
    deployment = only(chosen.deployments)
    folder = data_folder(deployment)
    volume.open_at(deployment.serial, folder, seeded=found is not None)
    files.folder(f"{folder}/.berth")
    state = matrix.configure(deployment, folder)
    # Kept only now: a configuration that was refused must not be what the next boot follows.
    seed.keep(chosen.text, folder)
    files.folder("/run/berth", 0o755)
    files.write(CURRENT, chosen.text)
    files.write(ENVIRONMENT, f"BERTH_DATA={folder}\n")
    if state.handed_over:
        network.configure(chosen.network)
    else:
        say("first configuration: the network comes up after the hand-over")


def hand_over():
    with open(CURRENT, encoding="utf-8") as file:
        chosen = document.parse(file.read())
    deployment = only(chosen.deployments)
    folder = data_folder(deployment)
    state = matrix.State.read(folder)
    if not state.handed_over:
        server = files.read_json(f"{folder}/synapse/secrets.yaml", {})
        handover.administrator_create(
            f"http://127.0.0.1:{deployment.port}", server["registration_shared_secret"],
            deployment.administrator, deployment.secrets["administratorPassword"])
        state.handed_over = True
        state.write(folder)
        say(f"handed over to {deployment.administrator}")
        network.configure(chosen.network)
    with open("/proc/uptime", encoding="ascii") as file:
        say(f"ready, up {file.read().split()[0]} s")


def release():
    with open(CURRENT, encoding="utf-8") as file:
        deployment = only(document.parse(file.read()).deployments)
    volume.unmount(data_folder(deployment))
    say("stopped")


def main(arguments):
    steps = {"prepare": prepare, "handover": hand_over, "release": release}
    if len(arguments) != 1 or arguments[0] not in steps:
        say(f"usage: berth_guest {' | '.join(steps)}")
        return 2
    try:
        steps[arguments[0]]()
    except Refused as refusal:
        say(f"refused: {refusal}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
