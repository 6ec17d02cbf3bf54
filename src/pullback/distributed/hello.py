"""Do processes find each other? `... run -n 4 -m pullback.distributed.hello` says so."""

from ..backends.devices import device_count, local_device_count, process_count, process_index
from .joining import initialize


def main() -> None:
    """Join the others, and say how many devices there are."""
    initialize()
    here, all_of_them = local_device_count("xla"), device_count("xla")
    print(f"process {process_index()} of {process_count()} has {here} of {all_of_them} devices")


if __name__ == "__main__":
    main()
