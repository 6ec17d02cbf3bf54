"""What is refused, or told, while programs are traced and run: switches that alter no program."""

from dataclasses import dataclass, field, fields

# Where arrays go when they are moved.
WAYS = ("host_to_device", "device_to_device", "device_to_host")


@dataclass(frozen=True, slots=True)
class Guards:
    """The switches. Those that stand in the way of compiled calls are part of their keys."""

    check_tracer_leaks: bool = False
    no_execution: bool = False
    debug_key_reuse: bool = False
    no_tracing: bool = field(default=False, compare=False)
    explain_cache_misses: bool = field(default=False, compare=False)
    enable_checks: bool = field(default=False, compare=False)
    # Calls are seen while it is set, and their programs are the same.
    profiling: bool = field(default=False, compare=False)
    log_compiles: bool = field(default=False, compare=False)
    legacy_prng_key: str = field(default="allow", compare=False)
    transfer_guard_host_to_device: str | None = field(default=None, compare=False)
    transfer_guard_device_to_device: str | None = field(default=None, compare=False)
    transfer_guard_device_to_host: str | None = field(default=None, compare=False)


GUARDS = frozenset(f.name for f in fields(Guards))
# Options that set several at once.
TOGETHER = {"transfer_guard": [f"transfer_guard_{way}" for way in WAYS]}
# What those given by words may be.
LEVELS: dict[str, tuple[str | None, ...]] = {
    "legacy_prng_key": ("allow", "warn", "error"),
    **dict.fromkeys(
        TOGETHER["transfer_guard"],
        (None, "allow", "log", "disallow", "log_explicit", "disallow_explicit"),
    ),
}
