#!/bin/sh
# The native core under sanitizers: its Python tests with address and undefined-behaviour checks,
# then the thread pool and the queue by themselves with the thread sanitizer. Wants gcc, and Python with the
# packages of pyproject.toml's build, runtime and test lists.
#
# Leaks are not looked for: the interpreter and NumPy keep memory until the process ends, and
# would drown what is ours. The tests look for leaks by weak references.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

configure() {
    cmake -S "$root" -B "$work/$1" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=g++ \
        -DPULLBACK_WERROR=ON -DPULLBACK_SANITIZE="$2" \
        -DPython_EXECUTABLE="$(command -v "$python")" >"$work/log" 2>&1 ||
        { cat "$work/log"; exit 1; }
}

configure thread thread
cmake --build "$work/thread" --target pool_test queue_test
"$work/thread/pool_test"
"$work/thread/queue_test"

configure address address,undefined
cmake --build "$work/address" --target _native pool_test queue_test --parallel 2
"$work/address/pool_test" fork
"$work/address/queue_test" fork

# The package as it stands, with the checked core in place of the other.
mkdir -p "$work/site"
cp -R "$root/src/pullback" "$work/site/pullback"
rm -f "$work"/site/pullback/_native*.so
cp "$work"/address/_native*.so "$work/site/pullback/"

PYTHONPATH="$work/site" PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1 \
    LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
    "$python" -m pytest -q -p no:cacheprovider -s "$here"
