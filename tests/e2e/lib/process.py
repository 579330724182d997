"""What the kernel says about a process (proc(5))."""

import os


def status_mib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field + ":"))


def peak_mib(pid):
    """The most memory it ever had resident."""
    return status_mib(pid, "VmHWM")


def state(pid):
    """One letter: R, S, D, T (stopped), Z; empty when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def is_running(pid):
    return state(pid) not in ("", "Z")


def holds_lock(pid, path):
    """Whether it holds a flock on a file."""
    inode = str(os.stat(path).st_ino)
    with open("/proc/locks", encoding="ascii") as table:
        rows = [line.split() for line in table]
    return any(
        row[1] == "FLOCK" and row[4] == str(pid) and row[5].rpartition(":")[2] == inode for row in rows
    )


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
