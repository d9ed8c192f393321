"""``python -m udp_echo`` is ``udp-echo``, also where the folder of programs is not on the path."""

import os
import subprocess
import sys
import sysconfig

NAME = "udp-echo" + (sysconfig.get_config_var("EXE") or "")


def places():
    """Where ``pip`` puts programs: of this environment, of the user, beside ``--target`` folders."""
    yield sysconfig.get_path("scripts")
    yield sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    yield os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin")


def main():
    programs = [os.path.join(folder, NAME) for folder in places()]
    program = next(filter(os.path.isfile, programs), None)
    if program is None:
        sys.exit(f"udp_echo: the program {NAME} is in none of its places; install the package again: {', '.join(programs)}")
    command = [program, *sys.argv[1:]]
    if os.name == "nt":
        # There a process cannot become another one.
        sys.exit(subprocess.call(command))
    os.execv(program, command)


if __name__ == "__main__":
    main()
