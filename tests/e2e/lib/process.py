"""What the kernel says about a process (proc(5))."""

import os


def status_mib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field + ":"))


def peak_mib(pid):
    """The most memory it ever had resident."""
    return status_mib(pid, "VmHWM")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def has_connection(pid, port):
    """Whether it has an established TCP connection to a port of this machine."""
    established, remote = "01", f"0100007F:{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in list(table)[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[2] == remote and row[3] == established}
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") in sockets:
                return True
        except FileNotFoundError:
            continue  # closed meanwhile
    return False
