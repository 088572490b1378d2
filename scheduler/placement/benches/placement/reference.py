"""What an exact solver reaches on the topology-aware data, knowing all requests beforehand.

    reference.py FOLDER NAME SECONDS

Prints four numbers: how many could be placed at most if groups were no matter (a bound for everything
that decides in whatever way), how many the solver placed within the time on that looser problem, how
many of those are left when groups are kept, with the rest by first fit, and the seconds it took. The
solver is HiGHS, from Python's package highspy.
"""

import collections
import csv
import gzip
import sys
import time

import highspy
import numpy


def read(folder, name):
    with gzip.open(f"{folder}/{name}.csv.gz", "rt") as file:
        return list(csv.reader(file))[1:]


class Fleet:
    """Free room of nodes, and where the members of groups are."""

    def __init__(self, machines, racks):
        self.free = [[[a, b], [c, d]] for a, b, c, d in machines]
        self.racks = racks
        self.members = collections.defaultdict(list)

    def nodes(self, machine, request):
        """The nodes that it would take, or none."""
        vcpus, memory, count = request[:3]
        fitting = [
            node
            for node, (free_vcpus, free_memory) in enumerate(self.free[machine])
            if free_vcpus * count >= vcpus and free_memory * count >= memory
        ]
        return fitting[:count] if len(fitting) >= count else None

    def allows(self, machine, request):
        others = self.members[request[3], request[4]]
        if request[3] == "affinity":
            return all(other == machine for other in others)
        if request[3] == "anti-affinity":
            return machine not in others
        if request[3] == "fault_domain":
            return all(self.racks[other] != self.racks[machine] for other in others)
        return True

    def take(self, machine, request, nodes):
        vcpus, memory, count = request[:3]
        for node in nodes:
            self.free[machine][node][0] -= vcpus / count
            self.free[machine][node][1] -= memory / count
        if request[3]:
            self.members[request[3], request[4]].append(machine)


def model(machines, sizes, counts):
    """Whole numbers of each size on each machine and node; the most in all."""
    columns, rows = [], collections.defaultdict(list)
    for machine, free in enumerate(machines):
        for size, (vcpus, memory, count) in enumerate(sizes):
            for node in range(2) if count == 1 else [None]:
                column = len(columns)
                nodes = [0, 1] if node is None else [node]
                fits = [
                    min(free[2 * at] * count // vcpus, free[2 * at + 1] * count // memory)
                    for at in nodes
                ]
                if min(fits) < 1:
                    continue
                columns.append((machine, size, node, min(fits)))
                for at in nodes:
                    rows[machine, at, 0].append((column, vcpus / count))
                    rows[machine, at, 1].append((column, memory / count))
                rows["count", size].append((column, 1.0))
    uppers = [
        counts[key[1]] if key[0] == "count" else machines[key[0]][2 * key[1] + key[2]]
        for key in rows
    ]
    return columns, list(rows.values()), uppers


def solver(columns, rows, uppers):
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(columns), len(rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = numpy.ones(len(columns))
    lp.col_lower_ = numpy.zeros(len(columns))
    lp.col_upper_ = numpy.array([float(column[3]) for column in columns])
    lp.row_lower_ = numpy.full(len(rows), -highspy.kHighsInf)
    lp.row_upper_ = numpy.array([float(upper) for upper in uppers])
    starts = numpy.cumsum([0] + [len(row) for row in rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = starts.astype(numpy.int32)
    lp.a_matrix_.index_ = numpy.array([one[0] for row in rows for one in row], numpy.int32)
    lp.a_matrix_.value_ = numpy.array([one[1] for row in rows for one in row])
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    return highs


def rounded(fleet, requests, columns, values):
    """Places what the solver chose where groups allow it, then the rest by first fit."""
    wanted = collections.defaultdict(list)
    for (machine, size, _, _), value in zip(columns, values):
        wanted[size].extend([machine] * int(value + 0.001))
    sizes = sorted({request[:3] for request in requests})
    left = []
    placed = 0
    # Those with groups choose first, while there is a choice.
    for request in sorted(requests, key=lambda request: not request[3]):
        machines = wanted[sizes.index(request[:3])]
        for at, machine in enumerate(machines):
            nodes = fleet.nodes(machine, request)
            if nodes and fleet.allows(machine, request):
                fleet.take(machine, request, nodes)
                machines.pop(at)
                placed += 1
                break
        else:
            left.append(request)
    for request in left:
        for machine in range(len(fleet.free)):
            nodes = fleet.nodes(machine, request)
            if nodes and fleet.allows(machine, request):
                fleet.take(machine, request, nodes)
                placed += 1
                break
    return placed


def main(folder, name, seconds):
    start = time.monotonic()
    machines = [[int(text) for text in row] for row in read(folder, "PM_res")]
    racks = [int(float(row[1])) for row in read(folder, "topology_provider")]
    rows = read(folder, f"VM_data_{name}")
    requests = [(int(row[0]), int(row[1]), int(row[2]), row[3], row[4]) for row in rows]
    sizes = sorted({request[:3] for request in requests})
    counted = collections.Counter(request[:3] for request in requests)
    columns, matrix, uppers = model(machines, sizes, [counted[size] for size in sizes])
    highs = solver(columns, matrix, uppers)
    highs.setOptionValue("time_limit", float(seconds))
    highs.run()
    values = list(highs.getSolution().col_value)
    bound = int(highs.getInfo().mip_dual_bound + 0.001)
    solved = int(sum(int(value + 0.001) for value in values))
    kept = rounded(Fleet(machines, racks), requests, columns, values)
    print(bound, solved, kept, round(time.monotonic() - start))


if __name__ == "__main__":
    main(*sys.argv[1:4])
